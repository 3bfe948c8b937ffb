import * as fc from 'fast-check'
import type { BlobId, TreeId } from '../ids.ts'
import { bytesOfText } from '../json/byte-string.ts'
import type { ExtendedAttribute, Node } from './node.ts'

const HOSTILE = [
  '"},{"name":"x","type":"file"',
  '","type":"file","mode":1',
  '},{"name":"',
  ']}\n',
  '\\"',
  '\\',
  ']',
  '{',
  '\u00ff',
  '\u00e2\u0080\u00a8',
  '<&>',
  '\t',
]

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map((raw) => Buffer.from(raw).toString('latin1')),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).map(bytesOfText),
  fc.array(fc.constantFrom(...HOSTILE), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
)

const text = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom(...HOSTILE.map((part) => `é${part}`)))
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('hex'))
const u64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const time = fc.constantFrom('2024-02-29T12:34:56Z', '0001-01-01T00:00:00Z', '2009-02-13T23:31:30.123456789+01:00')

const attribute = fc.record<ExtendedAttribute>({
  // Attribute names that are not UTF-8 do not survive the format.
  name: text.map(bytesOfText),
  value: fc.oneof(
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }).map((raw) => Buffer.from(raw)),
  ),
})

/** Any node that the format can hold, names made to be mistaken for JSON included. */
export const arbitraryNode: fc.Arbitrary<Node> = fc.record(
  {
    name: bytes,
    type: fc.constantFrom('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'),
    mode: u32,
    mtime: time,
    atime: time,
    ctime: time,
    uid: u32,
    gid: u32,
    content: fc.oneof(
      fc.constant(null),
      fc.array(
        id.map((hex) => hex as BlobId),
        { maxLength: 4 },
      ),
    ),
    user: text,
    group: text,
    inode: u64,
    deviceId: u64,
    size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    links: u64,
    linkTarget: bytes,
    extendedAttributes: fc.array(attribute, { minLength: 1, maxLength: 3 }),
    genericAttributes: fc.constantFrom(
      '{"windows.file_attributes":32}',
      '{"a":{"LowDateTime":1,"HighDateTime":2},"b":"eA=="}',
    ),
    device: u64,
    subtree: id.map((hex) => hex as TreeId),
    error: text,
  },
  { requiredKeys: ['name', 'type', 'mode', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'content'] },
)
