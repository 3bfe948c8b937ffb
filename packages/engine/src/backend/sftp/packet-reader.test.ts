import { describe, test } from 'vitest'
import { FieldReader, FieldWriter, SftpViolationError } from './fields.ts'
import { NotSftpError, PacketReader, type PacketReceiver } from './packet-reader.ts'
import { PacketType } from './packet-type.ts'

interface Seen extends PacketReceiver {
  readonly packets: { type: number; id: number; body: string }[]
  readonly fills: { id: number; dataBytes: number }[]
}

function receiver(sinks: ReadonlyMap<number, Uint8Array> = new Map()): Seen {
  const packets: Seen['packets'] = []
  const fills: Seen['fills'] = []
  return {
    packets,
    fills,
    sinkFor: (id) => sinks.get(id),
    filled: (id, dataBytes) => void fills.push({ id, dataBytes }),
    packet: (type, id, body) => void packets.push({ type, id, body: body.toString('latin1') }),
  }
}

function packet(type: number, rest: Buffer): Buffer {
  const head = new FieldWriter().u32(rest.length + 1).bytes()
  return Buffer.concat([head, Buffer.from([type]), rest])
}

const status = packet(PacketType.status, new FieldWriter().u32(7).u32(4).string('Failure').string('').bytes())
const data = packet(PacketType.data, new FieldWriter().u32(8).string('0123456789').bytes())
const version = packet(PacketType.version, new FieldWriter().u32(3).string('limits@openssh.com').string('1').bytes())
const empty = packet(PacketType.data, new FieldWriter().u32(9).string('').bytes())

describe('a stream of packets', () => {
  const stream = Buffer.concat([version, status, data, empty, data, status])

  test.for([1, 2, 3, 5, 8, 13, 14, 21, 1000])('is cut right in pieces of %i bytes', (step, { expect }) => {
    const sink = new Uint8Array(16)
    const seen = receiver(new Map([[8, sink]]))
    const reader = new PacketReader(seen)
    for (let start = 0; start < stream.length; start += step) reader.push(stream.subarray(start, start + step))
    expect(seen.packets.map(({ type, id }) => [type, id])).toEqual([
      [PacketType.version, 0],
      [PacketType.status, 7],
      [PacketType.data, 9],
      [PacketType.status, 7],
    ])
    expect(seen.packets[1]!.body).toBe('\0\0\0\u0004\0\0\0\u0007Failure\0\0\0\0')
    expect(seen.fills).toEqual([
      { id: 8, dataBytes: 10 },
      { id: 8, dataBytes: 10 },
    ])
    expect(Buffer.from(sink).toString('latin1')).toBe('0123456789\0\0\0\0\0\0')
  })

  test('data that nobody wants any more is a packet like others', ({ expect }) => {
    const seen = receiver()
    new PacketReader(seen).push(data)
    expect(seen.packets).toEqual([{ type: PacketType.data, id: 8, body: '\0\0\0\n0123456789' }])
  })

  test('text instead of packets is shown', ({ expect }) => {
    const reader = new PacketReader(receiver())
    const push = () => reader.push(Buffer.from('Welcome to the server!\n'))
    expect(push).toThrow(NotSftpError)
    expect(push).toThrow('Welcome to the server!')
  })

  test.for([
    ['shorter than any packet', Buffer.from([0, 0, 0, 4, 101, 0, 0, 0, 7])],
    ['longer than any packet', Buffer.from([0, 16, 0, 1, 101, 0, 0, 0, 7])],
    ['data without a count', Buffer.from([0, 0, 0, 5, 103, 0, 0, 0, 7])],
    ['data longer than its packet', packet(PacketType.data, new FieldWriter().u32(8).u32(11).u32(0).bytes())],
  ] as const)('what is %s is refused', ([, bytes], { expect }) => {
    expect(() => new PacketReader(receiver(new Map([[8, new Uint8Array(99)]]))).push(bytes)).toThrow(NotSftpError)
  })
})

describe('fields', () => {
  test('come back as they were written', ({ expect }) => {
    const bytes = new FieldWriter()
      .u32(4_294_967_295)
      .u64(2 ** 40 + 1)
      .string('pfad/ü')
      .string(Buffer.from([0, 255]))
      .bytes()
    const fields = new FieldReader(bytes)
    expect([fields.u32(), fields.u64(), fields.text(), [...fields.string()], fields.isAtEnd]).toEqual([
      4_294_967_295,
      2 ** 40 + 1,
      'pfad/ü',
      [0, 255],
      true,
    ])
  })

  test.for([
    ['number', (fields: FieldReader) => fields.u64()],
    ['string', (fields: FieldReader) => fields.string()],
  ] as const)('a %s that is cut off is refused', ([, take], { expect }) => {
    const fields = new FieldReader(new FieldWriter().u32(3).bytes())
    expect(() => take(fields)).toThrow(SftpViolationError)
  })
})
