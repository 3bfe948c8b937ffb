import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BigIntStats } from 'node:fs'
import type { DirectoryEntry, Entry, EntryMetadata, FileEntry } from '@hikae/engine'
import { latin1 } from './facts.ts'

/** A file, and where it is to be in the snapshot. */
export interface PlacedFile {
  /** Absolute. */
  readonly path: string
  readonly entry: FileEntry
}

/** The root of a snapshot with files at absolute paths, below the folders that are really there. */
export async function treeOf(files: readonly PlacedFile[]): Promise<DirectoryEntry> {
  return await folderOf('/', '', files)
}

async function folderOf(path: string, name: string, files: readonly PlacedFile[]): Promise<DirectoryEntry> {
  const prefix = path === '/' ? '/' : `${path}/`
  const below = Map.groupBy(files, (file) => file.path.slice(prefix.length).split('/')[0]!)
  const children: Entry[] = []
  for (const [child, inside] of below) {
    const [first] = inside
    const isFile = first!.path === `${prefix}${child}`
    children.push(isFile ? first!.entry : await folderOf(join(path, child), latin1(child), inside))
  }
  return { kind: 'directory', name, metadata: metadataOf(await stat(path, { bigint: true })), children: () => children }
}

export function metadataOf(stats: BigIntStats): EntryMetadata {
  return {
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs,
    atimeNs: stats.atimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    deviceId: stats.dev,
    links: stats.nlink,
    rdev: stats.rdev,
    size: Number(stats.size),
  }
}
