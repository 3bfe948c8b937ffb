import { createHash } from 'node:crypto'
import { array, assert, boolean, constantFrom, integer, oneof, property, tuple, uint8Array } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHUNK_PROFILES, type ChunkProfile } from './profile.ts'
import { createScanner, type Scanner } from './scanner.ts'
import { rabinTables, WINDOW_BYTES } from './tables.ts'

const MEBIBYTE = 1024 * 1024
const FIRST = 0x3da3358b4dc173n
const SECOND = 0x2a1341a909ee51n
const THIRD = 0x3179dbc0ec90bbn
const scanners = new Map(
  [FIRST, SECOND, THIRD].map((polynomial) => [polynomial, createScanner(polynomial, 20 * MEBIBYTE)]),
)
const { standard, fine } = CHUNK_PROFILES

describe('published vectors', () => {
  const content = vectorStream(20 * MEBIBYTE)

  test('the stream they are about is the published one', () => {
    expect(sha256(content)).toBe('292a7e574837955de74fe41c15e4771c9b3368f85ae04739c2006a2fd9d92083')
  })

  test.for([
    {
      polynomial: FIRST,
      lengths: [
        2611422, 666424, 735478, 668527, 901350, 1704808, 2260436, 849147, 666752, 942826, 3229506, 1150979, 2107777,
        1313066, 1163022,
      ],
      ids: ['3df728b0813e5ef2', '29b3e29763c115fd', '3afdd81dd25f048b'],
      digests: [0x142a04eaa00000n, 0xd1a64ca700000n, 0x4026ea7500000n, 0x1c92aaf2900000n],
      lastOfEight: 1100599,
    },
    {
      polynomial: SECOND,
      lengths: [
        754274, 780727, 2182848, 890789, 887456, 2553268, 1514660, 1673194, 1087758, 2069873, 712117, 1611729, 1393428,
        919953, 1113376, 826070,
      ],
      ids: ['2850cab5c84890a3', 'e5cffacd4f949bf9', '730883a67106cbba'],
      digests: [0x1ca829ace00000n, 0x17fbcca2c00000n, 0xe950a0ef00000n, 0x7922560b00000n],
      lastOfEight: 339246,
    },
  ])('are met with polynomial $polynomial', ({ polynomial, lengths, ids, digests, lastOfEight }) => {
    const cuts = cutsOf(polynomial, standard, content)
    expect(lengthsOf(cuts)).toEqual(lengths)
    expect([0, 1, 2].map((n) => sha256(content.subarray(cuts[n - 1] ?? 0, cuts[n])).slice(0, 16))).toEqual(ids)
    expect(cuts.slice(0, 4).map((cut) => fingerprint(polynomial, content, cut))).toEqual(digests)
    expect(lengthsOf(cutsOf(polynomial, standard, content.subarray(0, 8 * MEBIBYTE))).at(-1)).toBe(lastOfEight)
  })

  test('zeros are cut at the minimum, 0xff at the maximum', () => {
    const zeros = Buffer.alloc(8 * MEBIBYTE)
    const ones = Buffer.alloc(8 * MEBIBYTE + 1, 0xff)
    for (const polynomial of [FIRST, SECOND]) {
      const lengths = (bytes: Buffer) => lengthsOf(cutsOf(polynomial, standard, bytes))
      expect(lengths(zeros.subarray(0, 524287))).toEqual([524287])
      expect(lengths(zeros.subarray(0, 524288))).toEqual([524288])
      expect(lengths(zeros.subarray(0, 524289))).toEqual([524288, 1])
      expect(lengths(zeros)).toEqual(Array.from({ length: 16 }, () => 524288))
      expect(lengths(ones)).toEqual([8388608, 1])
    }
  })
})

describe('cuts are those of the plain procedure', () => {
  const polynomials = constantFrom(FIRST, SECOND, THIRD)
  const shortProfiles = [
    { minimum: 64, maximum: 4096, mask: 0x3f, target: 0x15 },
    { minimum: 100, maximum: 100_000, mask: 0xfff, target: 0 },
    { minimum: 300, maximum: 65_536, mask: 0x1fff, target: 0x1234 },
    { minimum: 64, maximum: 50_000, mask: 0x1ffff, target: 0 },
    fine,
  ]

  test('for all kinds of content, however much of it is there at a time', () => {
    const profiles = constantFrom(...shortProfiles)
    const steps = array(integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 })
    assert(
      property(polynomials, profiles, anyContent(300_000), steps, (polynomial, profile, content, steps) => {
        const expected = plainCuts(polynomial, profile, content)
        expect(cutsOf(polynomial, profile, content)).toEqual(expected)
        expect(cutsInSteps(polynomial, profile, content, steps)).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  test('for large chunks too', () => {
    assert(
      property(polynomials, anyContent(12 * MEBIBYTE), (polynomial, content) => {
        expect(cutsOf(polynomial, standard, content)).toEqual(plainCuts(polynomial, standard, content))
      }),
      { numRuns: 8 },
    )
  })

  test('for every length about the borders of lanes and blocks', () => {
    const content = vectorStream(12_000)
    for (const profile of shortProfiles.slice(0, 3)) {
      for (const border of [0, 64, 128, 1024, 1088, 1280, 2048, 2112, 4096, 5120, 9216, 10_240]) {
        for (let length = Math.max(0, border - 18); length < border + 18; length++) {
          const part = content.subarray(0, length)
          expect(cutsOf(FIRST, profile, part)).toEqual(plainCuts(FIRST, profile, part))
        }
      }
    }
  })

  test('wherever the only candidates are', () => {
    // Bytes of 0xff have none, a run of 64 zeros has exactly one for target 0.
    const profile = { minimum: 64, maximum: MEBIBYTE, mask: 0xfffff, target: 0 }
    const size = 100_000
    const positions = array(integer({ min: WINDOW_BYTES, max: size }), { minLength: 1, maxLength: 6 })
    assert(
      property(polynomials, positions, (polynomial, positions) => {
        const content = Buffer.alloc(size, 0xff)
        for (const position of positions) content.fill(0, position - WINDOW_BYTES, position)
        expect(cutsOf(polynomial, profile, content)[0]).toBe(Math.min(...positions))
      }),
      { numRuns: 2000 },
    )
  })

  test('when the content lies anywhere in the buffer, whatever is around it', () => {
    const scanner = scannerFor(SECOND)
    assert(
      property(
        anyContent(200_000),
        integer({ min: 0, max: 300 }),
        uint8Array({ minLength: 64, maxLength: 64 }),
        (content, offset, around) => {
          const expected = plainCuts(SECOND, fine, content)
          scanner.buffer.set(around, offset)
          scanner.buffer.set(content, offset + 64)
          scanner.buffer.set(around, offset + 64 + content.length)
          const cuts: number[] = []
          expect(scanner.cutAll(fine, offset + 64, offset + 64 + content.length, true, cuts)).toBe(
            offset + 64 + content.length,
          )
          expect(cuts.map((cut) => cut - offset - 64)).toEqual(expected)
        },
      ),
    )
  })
})

describe('asking for cuts', () => {
  test('more content is needed while no cut is certain', () => {
    const scanner = scannerFor(FIRST)
    scanner.buffer.fill(0xff)
    expect(scanner.nextCut(standard, 0, standard.maximum - 1, false)).toBe(-1)
    expect(scanner.nextCut(standard, 0, standard.maximum - 1, true)).toBe(standard.maximum - 1)
    expect(scanner.nextCut(standard, 0, standard.maximum, false)).toBe(standard.maximum)
    expect(scanner.nextCut(standard, 5, 5, false)).toBe(-1)
  })

  test('no content is no chunk', () => {
    const cuts: number[] = []
    expect(scannerFor(FIRST).cutAll(standard, 0, 0, true, cuts)).toBe(0)
    expect(cuts).toEqual([])
  })

  test('all whole chunks are taken and the beginning of the next is left', () => {
    const content = vectorStream(8 * MEBIBYTE)
    const scanner = scannerFor(FIRST)
    content.copy(scanner.buffer)
    const cuts: number[] = []
    expect(scanner.cutAll(standard, 0, content.length, false, cuts)).toBe(8 * MEBIBYTE - 1100599)
    expect(cuts.at(-1)).toBe(8 * MEBIBYTE - 1100599)
  })

  test('content outside the buffer is refused', () => {
    const scanner = createScanner(FIRST, 1000)
    expect(scanner.buffer.length).toBe(1000)
    expect(() => scanner.nextCut(fine, 0, 1001, true)).toThrow(RangeError)
    expect(() => scanner.nextCut(fine, -1, 5, true)).toThrow(RangeError)
    expect(() => scanner.nextCut(fine, 6, 5, true)).toThrow(RangeError)
    expect(() => createScanner(FIRST, 0)).toThrow(RangeError)
    expect(() => createScanner(FIRST, 2 ** 31)).toThrow(RangeError)
  })

  test('a reducible polynomial is refused', () => {
    expect(() => createScanner(FIRST ^ 2n, 1000)).toThrow('3da3358b4dc171 is not irreducible')
  })
})

function scannerFor(polynomial: bigint): Scanner {
  const scanner = scanners.get(polynomial)
  if (scanner === undefined) throw new Error(`no scanner for ${polynomial}`)
  return scanner
}

function cutsOf(polynomial: bigint, profile: ChunkProfile, content: Uint8Array): number[] {
  const scanner = scannerFor(polynomial)
  scanner.buffer.set(content)
  const cuts: number[] = []
  scanner.cutAll(profile, 0, content.length, true, cuts)
  return cuts
}

function cutsInSteps(
  polynomial: bigint,
  profile: ChunkProfile,
  content: Uint8Array,
  steps: readonly number[],
): number[] {
  const scanner = scannerFor(polynomial)
  scanner.buffer.fill(0, 0, content.length)
  const cuts: number[] = []
  let start = 0
  let scanned = 0
  for (let end = 0, step = 0; start < content.length; step++) {
    const more = steps[step % steps.length] ?? 1
    scanner.buffer.set(content.subarray(end, end + more), end)
    end = Math.min(content.length, end + more)
    for (;;) {
      const cut = scanner.nextCut(profile, start, end, end === content.length, scanned)
      if (cut < 0) break
      cuts.push(cut)
      start = cut
      scanned = cut
    }
    scanned = end
  }
  return cuts
}

function lengthsOf(cuts: readonly number[]): number[] {
  return cuts.map((cut, n) => cut - (cuts[n - 1] ?? 0))
}

/** The procedure of §12, word for word, with the window that begins with a 1. */
function plainCuts(polynomial: bigint, profile: ChunkProfile, content: Uint8Array): number[] {
  const { out, mod } = halves(polynomial)
  const cuts: number[] = []
  for (let start = 0; start < content.length; start = cuts.at(-1) ?? 0) {
    const limit = Math.min(content.length, start + profile.maximum)
    const window = new Uint8Array(WINDOW_BYTES)
    window[0] = 1
    let place = 1
    let high = 0
    let low = 1
    let cut = limit
    for (let at = start + profile.minimum - WINDOW_BYTES; at < limit; at++) {
      const gone = window[place] ?? 0
      const byte = content[at] ?? 0
      window[place] = byte
      place = (place + 1) % WINDOW_BYTES
      high ^= out.high[gone] ?? 0
      low ^= out.low[gone] ?? 0
      const top = (high >>> 13) & 0xff
      high = ((high << 8) | (low >>> 24)) ^ (mod.high[top] ?? 0)
      low = ((low << 8) | byte) ^ (mod.low[top] ?? 0)
      if (at + 1 - start >= profile.minimum && (low & profile.mask) === profile.target) {
        cut = at + 1
        break
      }
    }
    cuts.push(cut)
  }
  return cuts
}

interface Halves {
  readonly high: Int32Array
  readonly low: Int32Array
}

/** The tables as pairs of 32-bit numbers: bigints would take minutes. */
function halves(polynomial: bigint): { out: Halves; mod: Halves } {
  const split = (table: BigUint64Array): Halves => ({
    high: Int32Array.from(table, (entry) => Number(BigInt.asIntN(32, entry >> 32n))),
    low: Int32Array.from(table, (entry) => Number(BigInt.asIntN(32, entry))),
  })
  const { out, mod } = rabinTables(polynomial)
  return { out: split(out), mod: split(mod) }
}

/** Remainder of the 64 bytes before `end`, straight from the definition. */
function fingerprint(polynomial: bigint, content: Uint8Array, end: number): bigint {
  let rest = BigInt(`0x${Buffer.from(content.subarray(end - WINDOW_BYTES, end)).toString('hex')}`)
  for (let bit = 8 * WINDOW_BYTES - 1; bit >= 53; bit--) {
    if ((rest >> BigInt(bit)) & 1n) rest ^= polynomial << BigInt(bit - 53)
  }
  return rest
}

/** Random, constant, periodic and mixed content. */
function anyContent(maximumLength: number) {
  const length = integer({ min: 0, max: maximumLength })
  const random = tuple(length, integer()).map(([length, seed]) => vectorStream(length, `random-${seed}`))
  const periodic = tuple(length, uint8Array({ minLength: 1, maxLength: 200 })).map(([length, pattern]) =>
    Buffer.alloc(length, pattern),
  )
  const constant = tuple(length, constantFrom(0, 1, 0xff)).map(([length, byte]) => Buffer.alloc(length, byte))
  const pages = tuple(random, integer({ min: 1, max: 9000 }), integer({ min: 1, max: 300 }), boolean()).map(
    ([content, period, run, zero]) => {
      for (let at = 0; at < content.length; at += period)
        content.fill(zero ? 0 : 0xff, at, Math.min(at + run, content.length))
      return content
    },
  )
  return oneof(random, periodic, constant, pages)
}

/** SHA-256(label ‖ 0) ‖ SHA-256(label ‖ 1) ‖ …, the numbers as eight bytes, lowest first. */
function vectorStream(length: number, label = 'vector-1'): Buffer {
  const stream = Buffer.alloc(Math.ceil(length / 32) * 32)
  const prefix = createHash('sha256').update(label)
  const counter = Buffer.alloc(8)
  for (let at = 0; at < length; at += 32) {
    counter.writeBigUInt64LE(BigInt(at / 32))
    prefix.copy().update(counter).digest().copy(stream, at)
  }
  return stream.subarray(0, length)
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
