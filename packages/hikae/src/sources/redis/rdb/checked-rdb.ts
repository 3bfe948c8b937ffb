import { createHash } from 'node:crypto'
import type { RedisFacts } from '../facts.ts'
import { RedisError } from '../server/redis-error.ts'
import { Crc64 } from './crc64.ts'
import { KeyCounter } from './key-counter.ts'

const CHECKSUM_BYTES = 8
/** `redis-cli --rdb` leaves it behind the file when the server sends one whose length it does not know before. */
const END_MARK_BYTES = 40
const HEADER = /^(?:REDIS|VALKEY)(\d+)/
const END = 0xff

export type RdbReading = Pick<RedisFacts, 'bytes' | 'sha256' | 'rdbVersion' | 'isChecksummed' | 'databases'> & {
  /** What the counting stopped at. */
  readonly unknown: string | undefined
}

/**
 * Passes an RDB file on while it is checked: its head, its end, its checksum; and its keys are counted. An end mark behind
 * it is cut off. `result` is known when the iteration has ended without throwing.
 *
 * @throws {RedisError} it is damaged, or not whole
 */
export function checkedRdb(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> & { result(): RdbReading } {
  const crc = new Crc64()
  const hash = createHash('sha256')
  const counter = new KeyCounter()
  let bytes = 0
  let head = Buffer.alloc(0)
  let last = 0
  let reading: RdbReading | undefined

  function pass(piece: Buffer): Buffer {
    if (head.length < 9) head = Buffer.concat([head, piece.subarray(0, 9)]).subarray(0, 9)
    crc.update(piece)
    hash.update(piece)
    counter.give(piece)
    bytes += piece.length
    last = piece.at(-1) ?? last
    return piece
  }

  function isEnd(checksum: Buffer): 'right' | 'none' | undefined {
    if (last !== END || checksum.length !== CHECKSUM_BYTES) return undefined
    const stored = checksum.readBigUInt64LE()
    if (stored === 0n) return 'none'
    return stored === crc.value ? 'right' : undefined
  }

  return {
    result() {
      if (reading === undefined) throw new Error('the RDB file was not read to its end')
      return reading
    },
    async *[Symbol.asyncIterator]() {
      let held = Buffer.alloc(0)
      for await (const part of content) {
        const all = Buffer.concat([held, part])
        const free = Math.max(0, all.length - CHECKSUM_BYTES - END_MARK_BYTES)
        held = all.subarray(free)
        if (free > 0) yield pass(all.subarray(0, free))
      }
      let found = isEnd(held.subarray(0, CHECKSUM_BYTES))
      if (found === undefined || held.length !== CHECKSUM_BYTES + END_MARK_BYTES) {
        const free = Math.max(0, held.length - CHECKSUM_BYTES)
        if (free > 0) yield pass(held.subarray(0, free))
        held = held.subarray(free)
        found = isEnd(held)
      }
      const version = HEADER.exec(head.toString('latin1'))?.[1]
      if (version === undefined) throw damaged('it does not begin as one')
      const { isEnded, databases, unknown } = counter.result()
      if (found === undefined) throw damaged('its end or its checksum is not right')
      if (!isEnded && unknown === undefined) throw damaged('it ends in the middle of a key')
      const checksum = held.subarray(0, CHECKSUM_BYTES)
      hash.update(checksum)
      bytes += checksum.length
      yield checksum
      const sha256 = hash.digest('hex')
      reading = {
        bytes,
        sha256,
        rdbVersion: Number(version),
        isChecksummed: found === 'right',
        unknown,
        databases: unknown === undefined ? databases : null,
      }
    },
  }
}

function damaged(why: string): RedisError {
  return new RedisError(`the RDB file is damaged or cut off: ${why}`, {
    hint: 'look at the log of the server for a failed copy (lack of memory, a closed connection), and try again; of a saved one choose another recovery point',
  })
}
