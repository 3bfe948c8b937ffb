import type { BlobId, TreeId } from '../ids.ts'

export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular'

export interface ExtendedAttribute {
  /** Attribute names are byte strings on Linux; here latin1, one character per byte. */
  readonly name: string
  /** null occurs in repositories written by old programs and means empty. */
  readonly value: Uint8Array | null
}

/**
 * One entry of a directory as a tree blob holds it (§10). Absent fields are those that the format omits. Times are the
 * stored text: see `parseTime` for nanoseconds.
 */
export interface Node {
  /** Raw file-name bytes as latin1, one character per byte, so that any name survives and sorts like memcmp. */
  readonly name: string
  readonly type: NodeType
  /** Go FileMode bits (§10), not POSIX ones. */
  readonly mode: number
  readonly mtime: string
  readonly atime: string
  readonly ctime: string
  readonly uid: number
  readonly gid: number
  readonly user?: string
  readonly group?: string
  readonly inode?: bigint
  readonly deviceId?: bigint
  /** Bytes; regular files only. */
  readonly size?: number
  readonly links?: bigint
  /** Symlinks: raw target bytes as latin1. */
  readonly linkTarget?: string
  readonly extendedAttributes?: readonly ExtendedAttribute[]
  /** Windows metadata, passed through untouched: canonical JSON of the object. */
  readonly genericAttributes?: string
  /** st_rdev of block and character devices. */
  readonly device?: bigint
  /** Data blobs in order; null for everything that is not a file. */
  readonly content: readonly BlobId[] | null
  readonly subtree?: TreeId
  readonly error?: string
}

export interface Tree {
  /** Ascending by name when written by a sane program; readers accept any order. */
  readonly nodes: readonly Node[]
}
