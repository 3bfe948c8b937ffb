import { cString, lastError, nativeFunction } from '../native/libc.ts'
import type { ExtendedAttribute } from '../tree/node.ts'

/** A byte-string path names the entry itself, never what a symlink leads to; a number is an open file's descriptor. */
export type AttributeOwner = string | number

/**
 * All extended attributes in the system's order, POSIX ACLs among them (`system.posix_acl_access`). None where the file
 * system has no attributes. Costs about 1.5 µs for a file without any.
 *
 * @throws {SystemCallError}
 */
export function readExtendedAttributes(owner: AttributeOwner): ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = []
  for (const name of listExtendedAttributes(owner)) {
    const value = readExtendedAttribute(owner, name)
    if (value !== undefined) attributes.push({ name, value })
  }
  return attributes
}

/** Names as byte strings, in the system's order. @throws {SystemCallError} */
export function listExtendedAttributes(owner: AttributeOwner): string[] {
  const path = nativeOwner(owner)
  const list = readGrowing(
    (buffer, size) => (typeof path === 'number' ? flistxattr()(path, buffer, size) : llistxattr()(path, buffer, size)),
    'listxattr',
    owner,
    ['EOPNOTSUPP', 'ENOTSUP'],
  )
  return list === undefined || list.length === 0
    ? []
    : list
        .toString('latin1')
        .split('\0')
        .filter((name) => name !== '')
}

/** Undefined when there is no such attribute. @throws {SystemCallError} */
export function readExtendedAttribute(owner: AttributeOwner, name: string): Buffer | undefined {
  const path = nativeOwner(owner)
  const key = cString(name)
  return readGrowing(
    (buffer, size) =>
      typeof path === 'number' ? fgetxattr()(path, key, buffer, size) : lgetxattr()(path, key, buffer, size),
    'getxattr',
    owner,
    ['ENODATA'],
  )
}

/** Creates or replaces one attribute. @throws {SystemCallError} */
export function writeExtendedAttribute(owner: AttributeOwner, attribute: ExtendedAttribute): void {
  const path = nativeOwner(owner)
  const key = cString(attribute.name)
  const value = attribute.value ?? new Uint8Array(0)
  const result =
    typeof path === 'number'
      ? fsetxattr()(path, key, value, value.length, 0)
      : lsetxattr()(path, key, value, value.length, 0)
  if (result !== 0) throw lastError('setxattr', errorPath(owner))
}

/** Harmless when there is no such attribute. @throws {SystemCallError} */
export function removeExtendedAttribute(owner: AttributeOwner, name: string): void {
  const path = nativeOwner(owner)
  const key = cString(name)
  const result = typeof path === 'number' ? fremovexattr()(path, key) : lremovexattr()(path, key)
  if (result === 0) return
  const error = lastError('removexattr', errorPath(owner))
  if (error.code !== 'ENODATA') throw error
}

/** Asks for the size, then for that much, again when it has grown meanwhile; undefined for an error in `absent`. */
function readGrowing(
  call: (buffer: Uint8Array | null, size: number) => number,
  name: string,
  owner: AttributeOwner,
  absent: readonly string[],
): Buffer | undefined {
  for (;;) {
    const size = call(null, 0)
    if (size === 0) return EMPTY
    if (size > 0) {
      const buffer = Buffer.alloc(size)
      const length = call(buffer, size)
      if (length >= 0) return buffer.subarray(0, length)
    }
    const error = lastError(name, errorPath(owner))
    if (absent.includes(error.code)) return undefined
    if (error.code !== 'ERANGE') throw error
  }
}

const EMPTY = Buffer.alloc(0)

function nativeOwner(owner: AttributeOwner): Buffer | number {
  return typeof owner === 'number' ? owner : cString(owner)
}

function errorPath(owner: AttributeOwner): string | undefined {
  return typeof owner === 'number' ? undefined : owner
}

const BYTES = 'const uint8_t *'
const OUTPUT = 'uint8_t *'

type List<Owner> = (owner: Owner, list: Uint8Array | null, size: number) => number
const llistxattr = nativeFunction<List<Buffer>>('llistxattr', 'int64_t', [BYTES, OUTPUT, 'size_t'])
const flistxattr = nativeFunction<List<number>>('flistxattr', 'int64_t', ['int', OUTPUT, 'size_t'])

type Get<Owner> = (owner: Owner, name: Buffer, value: Uint8Array | null, size: number) => number
const lgetxattr = nativeFunction<Get<Buffer>>('lgetxattr', 'int64_t', [BYTES, BYTES, OUTPUT, 'size_t'])
const fgetxattr = nativeFunction<Get<number>>('fgetxattr', 'int64_t', ['int', BYTES, OUTPUT, 'size_t'])

type Set<Owner> = (owner: Owner, name: Buffer, value: Uint8Array, size: number, flags: number) => number
const lsetxattr = nativeFunction<Set<Buffer>>('lsetxattr', 'int', [BYTES, BYTES, BYTES, 'size_t', 'int'])
const fsetxattr = nativeFunction<Set<number>>('fsetxattr', 'int', ['int', BYTES, BYTES, 'size_t', 'int'])

type Remove<Owner> = (owner: Owner, name: Buffer) => number
const lremovexattr = nativeFunction<Remove<Buffer>>('lremovexattr', 'int', [BYTES, BYTES])
const fremovexattr = nativeFunction<Remove<number>>('fremovexattr', 'int', ['int', BYTES])
