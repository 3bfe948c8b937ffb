/** A file that an installation consists of. */
export interface MadeFile {
  readonly path: string
  readonly content: string
}
