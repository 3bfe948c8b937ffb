/** What lies in a folder and below, as far as anybody looked. Paths are relative to it; `.` is the folder itself. */
export interface Surroundings {
  /** Absolute. */
  readonly folder: string
  /** Nearest first. */
  readonly files: readonly SeenFile[]
  /** Folders of git repositories, bare or with working files. */
  readonly gitRepositories: readonly string[]
  /** Folders that hold backups: restic's repositories. */
  readonly backupRepositories: readonly string[]
  /** False when there was more than could be looked at in the time. */
  readonly isWhole: boolean
}

export interface SeenFile {
  readonly path: string
  readonly sizeBytes: number
}
