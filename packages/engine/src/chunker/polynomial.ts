/** Of every polynomial the chunker works with, so that a digest has 53 bits (§12). */
export const POLYNOMIAL_DEGREE = 53

const TOP_BIT = 1n << BigInt(POLYNOMIAL_DEGREE)

/**
 * A random irreducible polynomial over GF(2) of degree 53; bit n is the coefficient of x^n. About one candidate in 26
 * is irreducible, so this asks for 8 random bytes that many times.
 */
export function randomPolynomial(randomBytes: (count: number) => Uint8Array): bigint {
  for (;;) {
    const bytes = randomBytes(8)
    const random = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
    const candidate = (random & (TOP_BIT - 1n)) | TOP_BIT | 1n
    if (isIrreducible(candidate)) return candidate
  }
}

/**
 * Whether `polynomial` has degree 53 and no divisor but itself and 1. Cheap enough for every opening of a repository: a
 * fraction of a millisecond.
 *
 * Rabin's test: x^(2^53) = x leaves only divisors whose degrees divide 53, which is prime, so 1 and 53. Those of degree
 * 1 are x and x + 1, excluded by a constant term and an odd number of terms.
 */
export function isIrreducible(polynomial: bigint): boolean {
  if (polynomial >> BigInt(POLYNOMIAL_DEGREE) !== 1n) return false
  if ((polynomial & 1n) === 0n || countTerms(polynomial) % 2 === 0) return false
  const squares = squaresOfPowers(polynomial)
  let power = 2n
  for (let i = 0; i < POLYNOMIAL_DEGREE; i++) power = square(power, squares)
  return power === 2n
}

/** `value` · x mod `polynomial`, for a `value` of degree below 53. */
export function timesX(value: bigint, polynomial: bigint): bigint {
  const shifted = value << 1n
  return shifted & TOP_BIT ? shifted ^ polynomial : shifted
}

/** x^0, x^2, x^4 … x^104: squaring is linear over GF(2), so these make up every square. */
function squaresOfPowers(polynomial: bigint): bigint[] {
  const squares = [1n]
  for (let i = 1; i < POLYNOMIAL_DEGREE; i++) {
    squares.push(timesX(timesX(squares[i - 1] ?? 0n, polynomial), polynomial))
  }
  return squares
}

function square(value: bigint, squares: readonly bigint[]): bigint {
  // Two halves of numbers: testing bits of a bigint would allocate one for each.
  let result = 0n
  let low = Number(value & 0x7ffffffn)
  let high = Number(value >> 27n)
  for (let i = 0; low !== 0; i++, low >>= 1) if (low & 1) result ^= squares[i] ?? 0n
  for (let i = 27; high !== 0; i++, high >>= 1) if (high & 1) result ^= squares[i] ?? 0n
  return result
}

function countTerms(polynomial: bigint): number {
  let terms = 0
  for (let rest = polynomial; rest !== 0n; rest &= rest - 1n) terms++
  return terms
}
