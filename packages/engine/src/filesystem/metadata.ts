import { lstatSync, statSync, type BigIntStats } from 'node:fs'
import type { EntryMetadata } from '../entry.ts'
import { pathBytes } from './byte-path.ts'

/** Metadata of the entry itself, also when it is a symlink. Throws Node's system errors. */
export function lstat(path: string): EntryMetadata {
  return metadataOf(lstatSync(pathBytes(path), { bigint: true }))
}

/** Metadata of what a path leads to, through symlinks. Throws Node's system errors. */
export function stat(path: string): EntryMetadata {
  return metadataOf(statSync(pathBytes(path), { bigint: true }))
}

/** Node's stat result in our terms. */
function metadataOf(stats: BigIntStats): EntryMetadata {
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
