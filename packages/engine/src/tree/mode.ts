import type { NodeType } from './node.ts'

/** Go's FileMode bits (§10); the low nine bits are the permissions, as in POSIX. */
const GO_DIR = 0x8000_0000
const GO_SYMLINK = 0x800_0000
const GO_DEVICE = 0x400_0000
const GO_FIFO = 0x200_0000
const GO_SOCKET = 0x100_0000
const GO_SETUID = 0x80_0000
const GO_SETGID = 0x40_0000
const GO_CHARACTER = 0x20_0000
const GO_STICKY = 0x10_0000
const GO_IRREGULAR = 0x8_0000

const PERMISSIONS = 0o777
const SETUID = 0o4000
const SETGID = 0o2000
const STICKY = 0o1000
const TYPE_MASK = 0o170000

/** POSIX type bits, the type of node they make, and Go's bits for it. */
const TYPES: readonly { posix: number; type: NodeType; go: number }[] = [
  { posix: 0o100000, type: 'file', go: 0 },
  { posix: 0o040000, type: 'dir', go: GO_DIR },
  { posix: 0o120000, type: 'symlink', go: GO_SYMLINK },
  { posix: 0o060000, type: 'dev', go: GO_DEVICE },
  { posix: 0o020000, type: 'chardev', go: GO_DEVICE + GO_CHARACTER },
  { posix: 0o010000, type: 'fifo', go: GO_FIFO },
  { posix: 0o140000, type: 'socket', go: GO_SOCKET },
]
const IRREGULAR = { posix: 0, type: 'irregular', go: GO_IRREGULAR } as const
const GO_TYPE_MASK = GO_DIR | GO_SYMLINK | GO_DEVICE | GO_FIFO | GO_SOCKET | GO_CHARACTER | GO_IRREGULAR

const BY_POSIX = new Map(TYPES.map((entry) => [entry.posix, entry]))
const BY_GO = new Map(TYPES.map((entry) => [entry.go | 0, entry]))

/** Type of node for the type bits of a POSIX st_mode; `irregular` for bits that POSIX does not define. */
export function nodeTypeOf(posixMode: number): NodeType {
  return (BY_POSIX.get(posixMode & TYPE_MASK) ?? IRREGULAR).type
}

/** Go's FileMode of a POSIX st_mode, as nodes hold it. */
export function goMode(posixMode: number): number {
  let mode = (posixMode & PERMISSIONS) | (BY_POSIX.get(posixMode & TYPE_MASK) ?? IRREGULAR).go
  if (posixMode & SETUID) mode |= GO_SETUID
  if (posixMode & SETGID) mode |= GO_SETGID
  if (posixMode & STICKY) mode |= GO_STICKY
  return mode >>> 0
}

/** POSIX st_mode of a node's mode; without type bits when Go's are those of no POSIX type. */
export function posixMode(goMode: number): number {
  let mode = (goMode & PERMISSIONS) | (BY_GO.get(goMode & GO_TYPE_MASK) ?? IRREGULAR).posix
  if (goMode & GO_SETUID) mode |= SETUID
  if (goMode & GO_SETGID) mode |= SETGID
  if (goMode & GO_STICKY) mode |= STICKY
  return mode
}
