import type { DirectoryEntry, Entry, EntryMetadata, FileContent, FileEntry } from '@hikae/engine'
import { ownIdentity } from '../identity.ts'

const FILE = 0o100_000
const DIRECTORY = 0o040_000

export interface MadeEntryOptions {
  /** Nanoseconds since the epoch; now by default. */
  readonly timeNs?: bigint
  /** Permission bits. */
  readonly mode?: number
}

/**
 * A file that is in no file system, or is in another place than where it is saved.
 *
 * @param name raw file-name bytes as latin1
 */
export function madeFile(
  name: string,
  content: FileContent,
  { mode = 0o600, ...options }: MadeEntryOptions & { readonly chunks?: FileEntry['chunks'] } = {},
): FileEntry {
  const { chunks } = options
  return {
    kind: 'file',
    name,
    metadata: metadata(FILE | mode, options.timeNs),
    content,
    ...(chunks === undefined ? {} : { chunks }),
  }
}

/** A directory that is in no file system. */
export function madeDirectory(
  name: string,
  children: DirectoryEntry['children'],
  { mode = 0o700, timeNs }: MadeEntryOptions = {},
): DirectoryEntry {
  return { kind: 'directory', name, metadata: metadata(DIRECTORY | mode, timeNs), children }
}

/**
 * One entry under a path: the directories above it are made.
 *
 * @param folders names of these directories, from the top
 */
export function madeRoot(folders: readonly string[], entry: Entry, options: MadeEntryOptions = {}): DirectoryEntry {
  const inner = folders.reduceRight<Entry>((child, name) => madeDirectory(name, () => [child], options), entry)
  return madeDirectory('', () => [inner], options)
}

function metadata(mode: number, timeNs = BigInt(Date.now()) * 1_000_000n): EntryMetadata {
  const { uid, gid } = ownIdentity()
  const times = { mtimeNs: timeNs, atimeNs: timeNs, ctimeNs: timeNs }
  return { mode, uid, gid, ...times, inode: 0n, deviceId: 0n, links: 1n, rdev: 0n, size: 0 }
}
