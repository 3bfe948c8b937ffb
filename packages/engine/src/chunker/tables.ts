import { POLYNOMIAL_DEGREE, timesX } from './polynomial.ts'

/** Bytes that the fingerprint covers (§12). */
export const WINDOW_BYTES = 64

/** Bytes of a digest that the lanes keep: its 53 bits and 3 that are not reduced yet. */
const LANE_DIGEST_BYTES = 7
const LANE_DIGEST_BITS = 8 * LANE_DIGEST_BYTES

/** What the scanning code looks up; all tables are linear over GF(2). */
export interface RabinTables {
  /** 256 entries: the fingerprint of a byte and 63 zero bytes, what it contributes when it leaves the window. */
  readonly out: BigUint64Array<ArrayBuffer>
  /** 256 entries, `(b·x^53 mod P) | b·x^53`: one xor removes a byte above the digest and adds its remainder. */
  readonly mod: BigUint64Array<ArrayBuffer>
  /**
   * The tables of `assembly/lanes.ts`, 16 bytes each, indexed by half a byte. For each byte of a digest: its part of
   * b·x^56 mod P for the lower and the upper half of b, and of b·x^512 mod P likewise. Then, for the two lowest bytes:
   * their part of the remainder of a digest's highest 3 bits, indexed by its highest 4.
   */
  readonly nibbles: Uint8Array<ArrayBuffer>
}

/** The tables of §12 for an irreducible polynomial of degree 53, and those that the lanes need besides. */
export function rabinTables(polynomial: bigint): RabinTables {
  const powers = [1n]
  for (let power = 1n; powers.length < 8 * (WINDOW_BYTES + 1); powers.push(power)) power = timesX(power, polynomial)
  const powerOf = (exponent: number): bigint => powers[exponent] ?? 0n
  return {
    out: linearTable(8, (bit) => powerOf(8 * (WINDOW_BYTES - 1) + bit)),
    mod: linearTable(8, (bit) => powerOf(POLYNOMIAL_DEGREE + bit) | (1n << BigInt(POLYNOMIAL_DEGREE + bit))),
    nibbles: nibbleTables(powerOf),
  }
}

function nibbleTables(powerOf: (exponent: number) => bigint): Uint8Array<ArrayBuffer> {
  const exponents = [LANE_DIGEST_BITS, LANE_DIGEST_BITS + 4, 8 * WINDOW_BYTES, 8 * WINDOW_BYTES + 4]
  const contributions = exponents.map((exponent) => linearTable(4, (bit) => powerOf(exponent + bit)))
  // The lowest of the 4 bits is a digest's bit 52, which needs no reduction.
  const corrections = linearTable(4, (bit) => (bit === 0 ? 0n : powerOf(POLYNOMIAL_DEGREE + bit - 1)))
  const bytes: number[] = []
  for (let byte = 0; byte < LANE_DIGEST_BYTES; byte++) {
    for (const contribution of contributions) bytes.push(...byteOfEach(contribution, byte))
  }
  bytes.push(...byteOfEach(corrections, 0), ...byteOfEach(corrections, 1))
  return Uint8Array.from(bytes)
}

function byteOfEach(table: BigUint64Array, byte: number): number[] {
  return Array.from(table, (value) => Number((value >> BigInt(8 * byte)) & 0xffn))
}

/** The table of a linear map that takes 2^bit to `image(bit)`. */
function linearTable(bits: number, image: (bit: number) => bigint): BigUint64Array<ArrayBuffer> {
  const table = new BigUint64Array(1 << bits)
  for (let bit = 0; bit < bits; bit++) {
    const value = image(bit)
    for (let lower = 0; lower < 1 << bit; lower++) table[(1 << bit) + lower] = value ^ (table[lower] ?? 0n)
  }
  return table
}
