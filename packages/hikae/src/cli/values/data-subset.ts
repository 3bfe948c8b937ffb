import { UsageError } from '../../errors.ts'
import { parseSize } from '../../size.ts'

export type DataSubset =
  | { readonly part: number; readonly of: number }
  | { readonly percent: number }
  | { readonly bytes: number }

/** What `--read-data-subset` takes: `2/7`, `5%`, `2.5%` or a size such as `10G`. */
export function parseDataSubset(text: string): DataSubset {
  const part = /^(\d+)\/(\d+)$/.exec(text)
  if (part) return checkedPart(text, Number(part[1]), Number(part[2]))
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (percent) return checkedPercent(text, Number(percent[1]))
  const bytes = parseSize(text)
  if (bytes > 0) return { bytes }
  throw invalid(text)
}

function checkedPart(text: string, part: number, of: number): DataSubset {
  if (part >= 1 && part <= of) return { part, of }
  throw invalid(text)
}

function checkedPercent(text: string, percent: number): DataSubset {
  if (percent > 0 && percent <= 100) return { percent }
  throw invalid(text)
}

function invalid(text: string): UsageError {
  return new UsageError(`'${text}' is not a part of the data`, {
    hint: 'write 2/7 for the second of seven parts, 5% for a random share, or a size such as 10G',
  })
}
