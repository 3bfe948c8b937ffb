import { UsageError } from '../../errors.ts'
import { parseSize } from '../../size.ts'

export type MaxUnusedValue = { readonly percent: number } | { readonly bytes: number } | 'unlimited'

/** What `--max-unused` takes: `5%`, `0`, a size such as `10G`, or `unlimited`. */
export function parseMaxUnused(text: string): MaxUnusedValue {
  const trimmed = text.trim()
  if (trimmed === 'unlimited') return trimmed
  if (!trimmed.endsWith('%')) return { bytes: sizeOf(trimmed) }
  const percent = /^\d+(?:\.\d+)?%$/.test(trimmed) ? Number(trimmed.slice(0, -1)) : Number.NaN
  if (percent < 100) return { percent }
  throw invalid(text)
}

function sizeOf(text: string): number {
  try {
    return parseSize(text)
  } catch {
    throw invalid(text)
  }
}

function invalid(text: string): UsageError {
  return new UsageError(`'${text}' is not an amount that may stay unused`, {
    hint: 'write a share below 100% such as 5%, a size such as 10G, or unlimited',
  })
}
