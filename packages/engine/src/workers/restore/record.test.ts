import { describe, test } from 'vitest'
import fc from 'fast-check'
import { encodeRecord, locationOf, parentOf, readRecord, sizeOf } from './record.ts'
import { RecordMemory } from './record-memory.ts'

const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array).toString('latin1'))
const time = fc.constantFrom('2026-01-02T03:04:05.678901234+09:00', '1969-12-31T23:59:58.5Z', '0001-01-01T00:00:00Z')
const node = fc.record({
  type: fc.constantFrom('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo'),
  mode: fc.integer({ min: 0, max: 0xffff_ffff }),
  uid: fc.integer({ min: 0, max: 0xffff_ffff }),
  gid: fc.integer({ min: 0, max: 0xffff_ffff }),
  mtime: time,
  atime: time,
  device: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  linkTarget: bytes,
  extendedAttributes: fc.array(fc.record({ name: bytes, value: fc.uint8Array({ maxLength: 2000 }) }), { maxLength: 4 }),
})

describe('records', () => {
  test('are read by another thread as they were written', ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(node, bytes, fc.maxSafeNat()), { maxLength: 8 }), (entries) => {
        const reader = new RecordMemory()
        const writer = new RecordMemory((segment) => reader.attach(segment))
        const directory = writer.append(encodeRecord({ ...NO_METADATA, type: 'dir' }, '/a', 0, undefined))
        const positions = entries.map(([node, name, size]) => writer.append(encodeRecord(node, name, size, directory)))
        for (const [at, [node, name, size]] of entries.entries()) {
          const found = readRecord(reader, positions[at]!)
          expect(found).toEqual({
            ...node,
            size,
            extendedAttributes: node.extendedAttributes.map(({ name, value }) => ({ name, value: Buffer.from(value) })),
          })
          expect(locationOf(reader, positions[at]!)).toBe(`/a/${name}`)
          expect(parentOf(reader, positions[at]!)).toBe(directory)
          expect(sizeOf(reader, positions[at]!)).toBe(size)
        }
      }),
    )
  })

  test('may be larger than a segment', ({ expect }) => {
    const memory = new RecordMemory()
    const value = Buffer.alloc(9 * 1024 * 1024, 'x')
    const first = memory.append(encodeRecord({ ...NO_METADATA, type: 'file' }, 'first', 1, undefined))
    const large = memory.append(
      encodeRecord({ ...NO_METADATA, type: 'file', extendedAttributes: [{ name: 'n', value }] }, 'large', 2, undefined),
    )
    const last = memory.append(encodeRecord({ ...NO_METADATA, type: 'file' }, 'last', 3, undefined))
    expect([first, large, last].map((position) => locationOf(memory, position))).toEqual(['first', 'large', 'last'])
    expect(value.equals(readRecord(memory, large).extendedAttributes![0]!.value!)).toBe(true)
  })
})

const NO_METADATA = { mode: 0, mtime: '', atime: '', uid: 0, gid: 0 } as const
