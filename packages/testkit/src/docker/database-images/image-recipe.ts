/** What a test image of a database is made of. The same text makes the same image. */
export interface ImageRecipe {
  readonly tag: string
  /** Of this machine, with the libraries that they need. */
  readonly programs: readonly string[]
  /** Files and folders of this machine that are wanted besides. */
  readonly others: readonly string[]
  /** What is not wanted of that. */
  readonly leftOut?: readonly string[]
  /** Path of a link, and what it leads to. */
  readonly links: Readonly<Record<string, string>>
  /** Empty folders, and the id of the user who owns them. */
  readonly folders: Readonly<Record<string, number>>
  readonly texts?: Readonly<Record<string, string>>
  /** A script for BusyBox's shell. */
  readonly entrypoint: string
  /** Lines of a Dockerfile. */
  readonly settings: readonly string[]
}
