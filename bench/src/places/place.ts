/** Where a tool's repository lies, and what the tool must be told to reach it. */
export interface Place {
  /** A directory, or an address as restic and hikae both write it. */
  readonly address: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The directory that holds the repository, when it is one of this machine and not behind a server. */
  readonly directory?: string
}

export function placeIn(directory: string): Place {
  return { address: directory, args: [], env: {}, directory }
}
