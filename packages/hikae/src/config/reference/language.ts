/** Everything on the reference page that does not come from the schema. */
export interface ReferenceLanguage {
  /** What is told before the keys: Markdown. */
  readonly introduction: string
  readonly headings: {
    readonly key: string
    readonly type: string
    readonly default: string
    readonly meaning: string
    readonly topLevel: string
    readonly secrets: string
  }
  readonly required: string
  /** What stands between two sentences. */
  readonly space: string
  /** @param keys in Markdown */
  readonly oneOf: (keys: readonly string[]) => string
  /** @param example in Markdown */
  readonly example: (example: string) => string
  /** @param link in Markdown */
  readonly see: (link: string) => string
  readonly types: {
    readonly or: string
    readonly text: string
    readonly url: string
    readonly number: string
    readonly wholeNumber: string
    readonly map: string
    readonly names: string
    readonly secret: string
    readonly anything: string
    readonly listOf: (items: string) => string
  }
}
