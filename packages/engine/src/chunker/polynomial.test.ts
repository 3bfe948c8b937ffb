import { randomBytes } from 'node:crypto'
import { assert, bigInt, integer, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { isIrreducible, randomPolynomial } from './polynomial.ts'

const ofDegree = (degree: number) => bigInt(0n, (1n << BigInt(degree)) - 1n).map((low) => low | (1n << BigInt(degree)))

test('the polynomials of known repositories are irreducible', () => {
  for (const polynomial of [0x3da3358b4dc173n, 0x2a1341a909ee51n, 0x3179dbc0ec90bbn]) {
    expect(isIrreducible(polynomial)).toBe(true)
  }
})

test('a product of two polynomials is not irreducible', () => {
  const products = integer({ min: 1, max: 26 })
    .chain((degree) => tuple(ofDegree(degree), ofDegree(53 - degree)))
    .map(([a, b]) => multiply(a, b))
  assert(property(products, (product) => !isIrreducible(product)))
})

test('the verdict is the same as that of a search for common divisors with x^(2^i) − x', () => {
  const odd = ofDegree(53).map((polynomial) => polynomial | 1n)
  assert(
    property(odd, (polynomial) => isIrreducible(polynomial) === passesBenOr(polynomial)),
    { numRuns: 300 },
  )
})

test('another degree than 53 is refused', () => {
  for (const polynomial of [0n, 1n, 2n, 7n, 0x3da3358b4dc173n >> 1n, (1n << 54n) | 0x3da3358b4dc173n, -5n]) {
    expect(isIrreducible(polynomial)).toBe(false)
  }
})

test('random polynomials are irreducible and differ', () => {
  const polynomials = Array.from({ length: 20 }, () => randomPolynomial(randomBytes))
  expect(polynomials.every(isIrreducible)).toBe(true)
  expect(new Set(polynomials).size).toBe(20)
})

test('a random polynomial is made of 54 bits of the first random number that fits', () => {
  const numbers = [0xffff_ffff_ffff_fffen, 0xaadd_a335_8b4d_c172n]
  const polynomial = randomPolynomial((count) => {
    const bytes = Buffer.alloc(count)
    bytes.writeBigUInt64LE(numbers.shift() ?? 0n)
    return bytes
  })
  expect(polynomial).toBe(0x3da3358b4dc173n)
  expect(numbers).toEqual([])
})

function multiply(a: bigint, b: bigint): bigint {
  let product = 0n
  for (let rest = b, factor = a; rest !== 0n; rest >>= 1n, factor <<= 1n) if (rest & 1n) product ^= factor
  return product
}

function remainder(a: bigint, b: bigint): bigint {
  const degree = b.toString(2).length
  let rest = a
  for (let excess = rest.toString(2).length - degree; rest !== 0n && excess >= 0;) {
    rest ^= b << BigInt(excess)
    excess = rest.toString(2).length - degree
  }
  return rest
}

function passesBenOr(polynomial: bigint): boolean {
  let power = 2n
  for (let i = 1; i <= 26; i++) {
    power = remainder(multiply(power, power), polynomial)
    let [a, b] = [polynomial, power ^ 2n]
    while (b !== 0n) [a, b] = [b, remainder(a, b)]
    if (a !== 1n) return false
  }
  return true
}
