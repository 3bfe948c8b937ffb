import type { SelectForRestore } from '../../filter/restore-selection.ts'

/**
 * What happens to files that are there. `always` compares their content part by part and writes what differs;
 * `if-changed` takes a file of the same size and modification time to have the same content; `if-newer` leaves those
 * alone that are not older than the snapshot's; `never` leaves all alone.
 */
export type OverwriteMode = 'always' | 'if-changed' | 'if-newer' | 'never'

export interface RestoreOptions {
  /** Directory to restore into; it is created when it is not there. */
  readonly target: string
  /**
   * Byte string: what lies there in the snapshot is restored instead of the whole. A directory's content is put right
   * into the target, a file under its name.
   */
  readonly path?: string
  /** Asked for paths from what `path` names on, and for names in the target that `delete` finds. */
  readonly select?: SelectForRestore
  /** `always` by default. */
  readonly overwrite?: OverwriteMode
  /** Delete what is in restored directories and not in the snapshot, after restoring, as far as it is selected. */
  readonly delete?: boolean
  /** Leave holes where there are only zeros. */
  readonly sparse?: boolean
  /** Read everything again at the end and compare it with the snapshot. */
  readonly verify?: boolean
  /** Look and compare, but change nothing; the report tells what would have been done. */
  readonly dryRun?: boolean
  /** Threads that decrypt and write; as many as there are processors, at most 8, by default. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RestoreProgress) => void
  readonly onWarning?: (warning: RestoreWarning) => void
  readonly onItem?: (item: RestoreItem) => void
}

/** Something the person should know that makes the restore no less complete. */
export interface RestoreWarning {
  /** Byte string inside the snapshot. */
  readonly path?: string
  readonly message: string
}

export interface RestoreItem {
  /** `updated`: it was there and only parts were written. `skipped`: left alone because of the overwrite mode. */
  readonly action: 'restored' | 'updated' | 'unchanged' | 'skipped' | 'deleted'
  /** Byte string inside the snapshot, or below the target for what was deleted. */
  readonly path: string
  /** Bytes of content. */
  readonly size: number
}

/** "Files" are all entries but directories. */
export interface RestoreProgress {
  /** Restored, or found to be right. */
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Left alone because of the overwrite mode; not among the done ones. */
  readonly filesSkipped: number
  readonly bytesSkipped: number
  /** Printable path of a file in the works. */
  readonly currentFile?: string
  readonly secondsElapsed: number
}

export interface RestoreProblem {
  /** Byte string inside the snapshot. */
  readonly path: string
  readonly error: Error
}

/** "Files" are all entries but directories; each is counted in one place. Those with problems may be in none. */
export interface RestoreReport {
  /** Made anew, or changed. */
  readonly filesRestored: number
  /** Content that was written. */
  readonly bytesRestored: number
  /** Files whose content was there. */
  readonly filesUnchanged: number
  /** Content that was there, in unchanged files and in the others. */
  readonly bytesUnchanged: number
  /** Left alone because of the overwrite mode. */
  readonly filesSkipped: number
  readonly bytesSkipped: number
  /** Directories included, those in deleted directories too. */
  readonly filesDeleted: number
  /** Directories that were made. */
  readonly directoriesCreated: number
  /** When there are any, the restore is incomplete. */
  readonly problems: readonly RestoreProblem[]
  /** Files that were read again and are right; only with `verify`. */
  readonly verifiedFiles?: number
  readonly seconds: number
}
