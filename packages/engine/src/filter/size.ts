import { InvalidInputError } from '../errors.ts'

const UNITS: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/**
 * Bytes that people mean by `500`, `10M` or `1g`: restic's suffixes, powers of 1024.
 *
 * @throws {InvalidInputError} it is not a whole number with at most one of them, or too large to count exactly
 */
export function parseSize(text: string): number {
  const [, digits, unit = 'B'] = /^\+?(\d+)([bkmgt])?$/i.exec(text) ?? []
  const size = Number(digits) * (UNITS[unit.toUpperCase()] ?? 1)
  if (Number.isSafeInteger(size)) return size
  throw new InvalidInputError(`${JSON.stringify(text)} is not a size`, {
    hint: 'give a whole number of bytes, or one with K, M, G or T behind it, such as 10M',
  })
}
