import { createCipheriv, createHash } from 'node:crypto'

/** Numbers that are the same in every run with the same seed. */
export interface Random {
  /** 0 up to but not including 1. */
  next(): number
  /** An integer from `from` up to and including `to`. */
  integer(from: number, to: number): number
  pick<T>(choices: readonly T[]): T
  bytes(length: number): Buffer
}

/** A generator for choices and small contents; use {@link randomBytesOf} for large ones. */
export function makeRandom(seed: number | string): Random {
  const stream = createStream(`choices ${seed}`)
  const next = (): number => stream.take(4).readUInt32LE() / 2 ** 32
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    integer,
    pick: (choices) => {
      if (choices.length === 0) throw new RangeError('there is nothing to pick from')
      return choices[integer(0, choices.length - 1)]!
    },
    bytes: (length) => stream.take(length),
  }
}

/** Incompressible bytes from a seed, at the speed of AES. */
export function randomBytesOf(seed: number | string, length: number): Buffer {
  return createStream(`bytes ${seed}`).take(length)
}

/** What bytes look like to a compressor: noise, text-like lines, or blocks of both in turn (about half compressible). */
export type ByteKind = 'noise' | 'text' | 'half'

const BLOCK_BYTES = 64 * 1024

/**
 * A seeded stream of `length` bytes in blocks of 64 KiB (the last may be shorter); memory is bounded by a block. Equal
 * arguments give equal bytes, and a shorter stream is the beginning of a longer one.
 */
export function* byteStream(seed: number | string, length: number, kind: ByteKind = 'noise'): Generator<Buffer> {
  const noise = createStream(`stream ${seed}`)
  for (let position = 0, block = 0; position < length; position += BLOCK_BYTES, block++) {
    const size = Math.min(BLOCK_BYTES, length - position)
    const random = noise.take(BLOCK_BYTES)
    const text = kind === 'text' || (kind === 'half' && block % 2 === 0)
    yield (text ? textFrom(random) : random).subarray(0, size)
  }
}

/** The whole of {@link byteStream} at once. */
export function bytesOf(seed: number | string, length: number, kind: ByteKind = 'noise'): Buffer {
  return Buffer.concat([...byteStream(seed, length, kind)], length)
}

const WORDS = 'the backup of every table was read and proven whole before its snapshot appeared at night'.split(' ')

/** Lines that look like a log: what a real compressor shortens to a fraction, yet no two blocks are equal. */
function textFrom(random: Buffer): Buffer {
  let text = `${random.toString('hex', 0, 8)} `
  for (let index = 8; text.length < BLOCK_BYTES; index = (index + 1) % random.length) {
    const byte = random[index]!
    text += byte < 8 ? `${byte}\n` : `${WORDS[byte % WORDS.length]} `
  }
  return Buffer.from(text.slice(0, BLOCK_BYTES), 'latin1')
}

function createStream(seed: string): { take(length: number): Buffer } {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return { take: (length) => cipher.update(Buffer.alloc(length)) }
}
