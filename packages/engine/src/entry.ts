import type { ExtendedAttribute } from './tree/node.ts'

/** Metadata of one entry, straight from the file system or made up by a source. */
export interface EntryMetadata {
  /** POSIX st_mode: type and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Names of the owners where the entry is from; empty when they are not known. Those of this host by default. */
  readonly user?: string
  readonly group?: string
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint
  readonly atimeNs: bigint
  readonly ctimeNs: bigint
  readonly inode: bigint
  readonly deviceId: bigint
  readonly links: bigint
  /** st_rdev of devices, else 0n. */
  readonly rdev: bigint
  readonly size: number
}

/** How a file's content is cut into blobs: see `chunker/profile.ts`. */
export type ChunkProfileName = 'standard' | 'fine'

/** Where a file's bytes come from. A path is the fast road: worker threads read it themselves. */
export type FileContent =
  | { readonly kind: 'path'; readonly path: Uint8Array }
  /**
   * Opened when all files before it have been read, and read to its end before the next entry is asked for; throws when the
   * bytes cannot be vouched for.
   */
  | {
      readonly kind: 'stream'
      open(signal: AbortSignal): AsyncIterable<Uint8Array>
      /** Also when size, times and inode are those of the parent snapshot, since here they prove nothing. */
      readonly isAlwaysRead?: boolean
    }
  /** A further name of a file that came before as a stream: the same inode, and more than one link in both. */
  | { readonly kind: 'link' }

interface EntryBase {
  /** Raw file-name bytes as latin1 (one character per byte), without any `/`. */
  readonly name: string
  readonly metadata: EntryMetadata
  /** Called only when the attributes are needed; throws what the system throws. */
  readonly extendedAttributes?: () => readonly ExtendedAttribute[]
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: 'directory'
  /** Children in any order, each name once. An unreadable directory yields one `unreadable` entry with its own path. */
  children(signal: AbortSignal): Iterable<Entry> | AsyncIterable<Entry>
}

export interface FileEntry extends EntryBase {
  readonly kind: 'file'
  readonly content: FileContent
  readonly chunks?: ChunkProfileName
}

export interface SymlinkEntry extends EntryBase {
  readonly kind: 'symlink'
  /** Raw target bytes as latin1. */
  readonly target: string
}

/** A FIFO or a device node. Sockets are never entries: a socket means nothing after a restore. */
export interface SpecialEntry extends EntryBase {
  readonly kind: 'fifo' | 'block-device' | 'character-device'
}

/** Something that is there but could not be read; it makes the backup incomplete. */
export interface UnreadableEntry {
  readonly kind: 'unreadable'
  /** Path or name for the report, printable. */
  readonly path: string
  readonly error: Error
}

/** What a backup reads. The file walk is one producer of entries; sources are others. */
export type Entry = DirectoryEntry | FileEntry | SymlinkEntry | SpecialEntry | UnreadableEntry
