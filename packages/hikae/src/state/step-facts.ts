export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** What is known of a step in numbers. Any other fact may be added; these have names that are shown and added up. */
export interface StepFacts {
  readonly readBytes?: number
  /** New to the repository, before compression. */
  readonly addedBytes?: number
  /** The same as it is stored. */
  readonly storedBytes?: number
  readonly files?: number
  /** Id of the snapshot that the step made. */
  readonly snapshot?: string
  /** How long a writer was held up. */
  readonly downtimeSeconds?: number
  readonly [fact: string]: JsonValue | undefined
}
