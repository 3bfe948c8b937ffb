import type { Compression } from '../../archives/archive-name.ts'

/** Where the time of a snapshot comes from. */
export type TimeOrigin = 'name' | 'pattern' | 'modified' | 'option'

/** One backup of somebody's own making that becomes one snapshot. */
export interface ImportItem {
  readonly kind: 'tar' | 'file' | 'directory'
  /** Absolute, byte string. */
  readonly path: string
  /** Its file name, by which it is known again. */
  readonly origin: string
  readonly compression: Compression
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint
  readonly timeFrom: TimeOrigin
  /**
   * Absolute, in the snapshot: of a dump where it lies, of a tree only what the series is called. Retention and parents go
   * by it, so that it has no date.
   */
  readonly place: string
}

/** What was named, or lies where it is looked for, and cannot be imported. */
export interface Refusal {
  readonly path: string
  readonly error: Error
}

export interface FoundItems {
  /** Oldest first, so that each is compared with the one before. */
  readonly items: readonly ImportItem[]
  readonly refused: readonly Refusal[]
  /** Byte strings: what lies beside backups and is none by its name. */
  readonly leftOut: readonly string[]
}
