import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs'
import { pathBytes } from '../../filesystem/byte-path.ts'
import { parseTime } from '../../json/go-time.ts'
import { OPENING } from '../../workers/restore-protocol.ts'
import type { Node } from '../../tree/node.ts'
import { type Beginning, TRUSTED } from './plan.ts'
import type { OverwriteMode } from './report.ts'

/** What is at a path, without following symlinks; undefined when nothing is. */
export function lookUp(path: string): BigIntStats | undefined {
  return lstatSync(pathBytes(path), { bigint: true, throwIfNoEntry: false })
}

/** Whether an entry that is there may be replaced or changed. */
export function mayOverwrite(mode: OverwriteMode, node: Node, found: BigIntStats): boolean {
  switch (mode) {
    case 'always':
    case 'if-changed':
      return true
    case 'if-newer':
      return parseTime(node.mtime) > found.mtimeNs
    case 'never':
      return false
  }
}

/**
 * How a file begins that may be overwritten. One with further names is only changed when the snapshot's has some too:
 * else the other names would change along with it.
 */
export function beginningOf(mode: OverwriteMode, node: Node, found: BigIntStats): Beginning {
  if (!found.isFile() || (found.nlink > 1n && (node.links ?? 0n) <= 1n)) return OPENING.replace
  const isTrusted =
    mode === 'if-changed' && found.size === BigInt(node.size ?? 0) && found.mtimeNs === parseTime(node.mtime)
  return isTrusted ? TRUSTED : OPENING.existing
}

/** Whether a symlink, FIFO or device that is there is the node's, but for metadata. */
export function isSameEntry(node: Node, path: string, found: BigIntStats): boolean {
  switch (node.type) {
    case 'symlink':
      return found.isSymbolicLink() && readlinkSync(pathBytes(path), 'latin1') === (node.linkTarget ?? '')
    case 'fifo':
      return found.isFIFO()
    case 'dev':
      return found.isBlockDevice() && found.rdev === (node.device ?? 0n)
    case 'chardev':
      return found.isCharacterDevice() && found.rdev === (node.device ?? 0n)
    case 'file':
    case 'dir':
    case 'socket':
    case 'irregular':
      return false
  }
}

/** Names in a directory as byte strings, and which of them are directories themselves. */
export function namesIn(path: string): { name: string; isDirectory: boolean }[] {
  return readdirSync(pathBytes(path), { encoding: 'buffer', withFileTypes: true }).map((entry) => ({
    name: entry.name.toString('latin1'),
    isDirectory: entry.isDirectory(),
  }))
}
