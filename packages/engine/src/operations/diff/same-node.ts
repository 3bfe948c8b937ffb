import { parseTime } from '../../json/go-time.ts'
import type { ExtendedAttribute, Node } from '../../tree/node.ts'

const PLAIN_FIELDS = [
  'name',
  'type',
  'mode',
  'uid',
  'gid',
  'user',
  'group',
  'inode',
  'deviceId',
  'size',
  'links',
  'linkTarget',
  'device',
  'subtree',
  'error',
  'genericAttributes',
] as const satisfies readonly (keyof Node)[]

/** Whether two entries are equal in everything but their content. Times are compared as instants. */
export function hasSameMetadata(a: Node, b: Node): boolean {
  return (
    PLAIN_FIELDS.every((field) => a[field] === b[field]) &&
    isSameTime(a.mtime, b.mtime) &&
    isSameTime(a.atime, b.atime) &&
    isSameTime(a.ctime, b.ctime) &&
    hasSameAttributes(a.extendedAttributes ?? [], b.extendedAttributes ?? [])
  )
}

export function hasSameContent(a: Node, b: Node): boolean {
  const [left, right] = [a.content ?? [], b.content ?? []]
  return left.length === right.length && left.every((id, at) => id === right[at])
}

function isSameTime(a: string, b: string): boolean {
  return a === b || parseTime(a) === parseTime(b)
}

/** The order differs between file systems and means nothing. */
function hasSameAttributes(a: readonly ExtendedAttribute[], b: readonly ExtendedAttribute[]): boolean {
  if (a.length !== b.length) return false
  const others = new Map(b.map(({ name, value }) => [name, value]))
  return a.every(({ name, value }) => {
    const other = others.get(name)
    return other !== undefined && Buffer.from(value ?? []).equals(other ?? Buffer.alloc(0))
  })
}
