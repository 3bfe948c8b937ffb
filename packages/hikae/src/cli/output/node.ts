import type { Node } from '@hikae/engine'
import { formatBytes, formatTime } from './format.ts'
import { jsonPath, printablePath } from './printable.ts'

/** Letters of the type and special bits of Go's file mode, from the highest bit down. */
const MODE_LETTERS = 'dalTLDpSugct?'
const PERMISSION_LETTERS = 'rwxrwxrwx'

/** A mode as Go and restic write it: `drwxr-xr-x`, `Lrwxrwxrwx`. */
export function formatMode(mode: number): string {
  const type = MODE_LETTERS.split('')
    .filter((_, index) => mode & (1 << (31 - index)))
    .join('')
  const permissions = PERMISSION_LETTERS.split('')
    .map((letter, index) => (mode & (1 << (8 - index)) ? letter : '-'))
    .join('')
  return (type === '' ? '-' : type) + permissions
}

export interface NodeLineOptions {
  readonly long: boolean
  readonly humanReadable: boolean
}

/** A line of `ls` and `find`. @param path byte string */
export function nodeLine(path: string, node: Node, { long, humanReadable }: NodeLineOptions): string {
  if (!long) return printablePath(path)
  const size = humanReadable ? formatBytes(node.size ?? 0).padStart(11) : String(node.size ?? 0).padStart(6)
  const owner = `${String(node.uid).padStart(5)} ${String(node.gid).padStart(5)}`
  const target = node.type === 'symlink' ? ` -> ${printablePath(node.linkTarget ?? '')}` : ''
  return `${formatMode(node.mode)} ${owner} ${size} ${formatTime(node.mtime)} ${printablePath(path)}${target}`
}

/** A node as `restic ls --json` shows it. */
export function listedNodeJson(path: string, node: Node): object {
  return {
    name: jsonPath(node.name),
    type: node.type,
    path: jsonPath(path),
    uid: node.uid,
    gid: node.gid,
    ...(node.type === 'file' ? { size: node.size ?? 0 } : {}),
    mode: node.mode,
    permissions: formatMode(node.mode),
    mtime: node.mtime,
    atime: node.atime,
    ctime: node.ctime,
    ...(node.inode === undefined ? {} : { inode: jsonNumber(node.inode) }),
    message_type: 'node',
    struct_type: 'node',
  }
}

/** A node as `restic find --json` shows it. */
export function foundNodeJson(path: string, node: Node): object {
  return {
    path: jsonPath(path),
    permissions: formatMode(node.mode),
    type: node.type,
    mode: node.mode,
    mtime: node.mtime,
    atime: node.atime,
    ctime: node.ctime,
    uid: node.uid,
    gid: node.gid,
    ...(node.user ? { user: node.user } : {}),
    ...(node.group ? { group: node.group } : {}),
    ...(node.inode === undefined ? {} : { inode: jsonNumber(node.inode) }),
    ...(node.deviceId === undefined ? {} : { device_id: jsonNumber(node.deviceId) }),
    ...(node.type === 'file' ? { size: node.size ?? 0 } : {}),
    ...(node.links === undefined ? {} : { links: jsonNumber(node.links) }),
    ...(node.linkTarget === undefined ? {} : { linktarget: jsonPath(node.linkTarget) }),
  }
}

/** JSON has no integers beyond 2^53; inodes of some file systems are. They are rounded, as every JSON reader would. */
function jsonNumber(value: bigint): number {
  return Number(value)
}
