import { UsageError } from './errors.ts'

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** `100`, `64k`, `1.5G`, `10MiB`: bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  const bytes = match ? Number(match[1]) * (FACTORS[match[2]!.toLowerCase()] ?? Number.NaN) : Number.NaN
  if (!Number.isSafeInteger(Math.floor(bytes))) {
    throw new UsageError(`'${text}' is not a size`, { hint: 'write bytes, or a number with K, M, G or T, as in 100M' })
  }
  return Math.floor(bytes)
}
