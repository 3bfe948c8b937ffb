import { constants } from 'node:buffer'
import { DamagedError } from '../errors.ts'
import { bytesOfText, textOfBytes } from '../json/byte-string.ts'
import {
  bytesField,
  fieldsOf,
  idField,
  listField,
  numberField,
  requiredId,
  textField,
  type Fields,
} from '../json/fields.ts'
import { unquoteName } from '../json/go-quote.ts'
import { isTime, ZERO_TIME } from '../json/go-time.ts'
import { encodeGenericAttributes } from './generic-attributes.ts'
import type { ExtendedAttribute, Node, NodeType, Tree } from './node.ts'
import { groupNodes } from './slice.ts'

const MAX_U32 = 0xffff_ffff
const MAX_U64 = 0xffff_ffff_ffff_ffffn

/** Trees above this size, in bytes, are parsed in parts of it, so that their JSON never exists as objects all at once. */
const LARGE_TREE = 16 * 1024 * 1024

/**
 * The nodes of a tree blob, as tolerant as restic's reader (§23): any layout, order and letter case, unknown keys, absent
 * times. An unknown type of node is read as `irregular`, which nothing restores, so that its siblings stay readable.
 * Names are given as they are: `..` and `a/b` too, see `isSafeName`.
 *
 * @throws {DamagedError} saying which entry is wrong in what
 */
export function decodeTree(bytes: Uint8Array, partBytes = LARGE_TREE): Tree {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { nodes: decodeInParts(buffer, partBytes) ?? decodeWhole(buffer) }
}

/** @returns undefined when the layout is not restic's, or the tree is small */
function decodeInParts(buffer: Buffer, partBytes: number): Node[] | undefined {
  if (buffer.length <= partBytes) return undefined
  const nodes: Node[] = []
  for (const group of groupNodes(buffer, partBytes)) {
    if (group === undefined) return undefined
    const reader = openReader(`[${group.toString('utf8')}]`)
    // A part that was cut at the wrong place is not JSON.
    if (reader === undefined) return undefined
    for (const value of listField(reader.value, 'the list of entries')) nodes.push(readNode(value, reader.mixedCase))
  }
  return nodes
}

function decodeWhole(buffer: Buffer): Node[] {
  if (buffer.length > constants.MAX_STRING_LENGTH) {
    throw new DamagedError(
      `the directory listing of ${buffer.length} bytes is too large for a layout other than restic's`,
    )
  }
  const reader = openReader(buffer.toString('utf8'))
  if (reader === undefined) throw new DamagedError('the directory listing is not JSON')
  const { nodes } = openObject(reader.value, 'the directory listing', reader.mixedCase)
  if (nodes === undefined) throw new DamagedError('the directory listing has no list of entries')
  return listField(nodes, 'the list of entries').map((value) => readNode(value, reader.mixedCase))
}

/**
 * One node out of its JSON.
 *
 * @param json byte string, for instance a slice that `sliceTree` returned
 * @throws {DamagedError} saying what is wrong
 */
export function decodeNode(json: string): Node {
  const reader = openReader(textOfBytes(json) ?? Buffer.from(json, 'latin1').toString('utf8'))
  if (reader === undefined) throw new DamagedError('the directory entry is not JSON')
  return readNode(reader.value, reader.mixedCase)
}

/** Whether a node may be restored under its name: not empty, not `.` or `..`, no `/` and no zero byte. */
export function isSafeName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

// A number that may not be exact as a double, wherever a number can stand.
const LARGE_NUMBER = /[:[,]\s*-?\d{16}/
// A key with a capital letter. No known key is longer, and the bound keeps the search linear in long base64.
const MIXED_CASE_KEY = /[A-Z][A-Za-z_]{0,20}"\s*:/

interface Reader {
  readonly value: unknown
  /** Some key may be a known one in other letter case. */
  readonly mixedCase: boolean
}

/** @returns undefined when the text is not JSON */
function openReader(text: string): Reader | undefined {
  try {
    const value: unknown = LARGE_NUMBER.test(text) ? parseExactly(text, keepLargeNumber) : JSON.parse(text)
    return { value, mixedCase: MIXED_CASE_KEY.test(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
// The third parameter is newer than the compiler's library.
const parseExactly = JSON.parse as (text: string, reviver: Reviver) => unknown

const keepLargeNumber: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^\d{16,20}$/.test(source ?? '')
    ? BigInt(source!)
    : value

function openObject(value: unknown, what: string, mixedCase: boolean): Fields {
  if (mixedCase || typeof value !== 'object' || value === null || Array.isArray(value)) return fieldsOf(value, what)
  return value as Fields
}

function readNode(value: unknown, mixedCase: boolean): Node {
  const fields = openObject(value, 'an entry of the directory', mixedCase)
  try {
    return nodeOf(fields, mixedCase)
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error
    const shown = typeof fields['name'] === 'string' ? JSON.stringify(fields['name']) : 'without name'
    throw new DamagedError(`directory entry ${shown}: ${error.message}`)
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

function nodeOf(fields: Fields, mixedCase: boolean): Node {
  const node: Mutable<Node> = {
    name: unquoteName(textField(fields['name'], 'its name')),
    type: nodeType(textField(fields['type'], 'its type')),
    mode: numberField(fields['mode'], 'its mode', MAX_U32),
    mtime: timeField(fields['mtime'], 'its modification time'),
    atime: timeField(fields['atime'], 'its access time'),
    ctime: timeField(fields['ctime'], 'its change time'),
    uid: numberField(fields['uid'], 'its uid', MAX_U32),
    gid: numberField(fields['gid'], 'its gid', MAX_U32),
    content: contentField(fields['content']),
  }
  addOwners(node, fields)
  addNumbers(node, fields)
  addLinkTarget(node, fields)
  const attributes = listField(fields['extended_attributes'], 'its list of extended attributes')
  if (attributes.length > 0) node.extendedAttributes = attributes.map((value) => readAttribute(value, mixedCase))
  addRest(node, fields)
  return node
}

function addOwners(node: Mutable<Node>, fields: Fields): void {
  const user = textField(fields['user'], 'its user')
  if (user !== '') node.user = user
  const group = textField(fields['group'], 'its group')
  if (group !== '') node.group = group
}

function addNumbers(node: Mutable<Node>, fields: Fields): void {
  const inode = exactField(fields['inode'], 'its inode')
  if (inode !== 0n) node.inode = inode
  const deviceId = exactField(fields['device_id'], 'its device id')
  if (deviceId !== 0n) node.deviceId = deviceId
  const size = numberField(fields['size'], 'its size')
  if (size !== 0) node.size = size
  const links = exactField(fields['links'], 'its number of links')
  if (links !== 0n) node.links = links
  const device = exactField(fields['device'], 'its device')
  if (device !== 0n) node.device = device
}

function addLinkTarget(node: Mutable<Node>, fields: Fields): void {
  const raw = bytesField(fields['linktarget_raw'], 'its raw link target').toString('latin1')
  const target = raw === '' ? bytesOfText(textField(fields['linktarget'], 'its link target')) : raw
  if (target !== '') node.linkTarget = target
}

function addRest(node: Mutable<Node>, fields: Fields): void {
  const attributes = fields['generic_attributes']
  const encoded = attributes === undefined || attributes === null ? undefined : encodeGenericAttributes(attributes)
  if (encoded !== undefined) node.genericAttributes = encoded
  const subtree = idField(fields['subtree'], 'its subtree')
  if (subtree !== undefined) node.subtree = subtree
  const error = textField(fields['error'], 'its error')
  if (error !== '') node.error = error
}

const NODE_TYPES = new Set<string>(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'])

function nodeType(text: string): NodeType {
  return NODE_TYPES.has(text) ? (text as NodeType) : 'irregular'
}

function timeField(value: unknown, what: string): string {
  const text = textField(value, what)
  if (text === '' && typeof value !== 'string') return ZERO_TIME
  if (!isTime(text)) throw new DamagedError(`${what}, ${JSON.stringify(text)}, is not a time`)
  return text
}

/** A whole number of 64 bits; 0 when absent. */
function exactField(value: unknown, what: string): bigint {
  if (value === undefined || value === null) return 0n
  if (typeof value === 'bigint' && value <= MAX_U64) return value
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw new DamagedError(`${what} is not a whole number of 64 bits`)
}

function contentField(value: unknown): Node['content'] {
  if (value === undefined || value === null) return null
  return listField(value, 'its content').map((id) => requiredId(id, 'a blob of its content'))
}

function readAttribute(value: unknown, mixedCase: boolean): ExtendedAttribute {
  const fields = openObject(value, 'an extended attribute', mixedCase)
  const content = fields['value']
  const isNull = content === undefined || content === null
  return {
    name: bytesOfText(textField(fields['name'], 'the name of an extended attribute')),
    value: isNull ? null : bytesField(content, 'the value of an extended attribute'),
  }
}
