import { z } from 'zod'
import { errorMessage } from '../errors.ts'
import { parseSize } from '../size.ts'

/** How much data a check reads, each time the next part. */
export type ReadAmount = 'all' | { readonly percent: number } | { readonly bytes: number }

const HINT = 'write a share such as 5% or 1/20, a size such as 10G, or all'

/** `readData:` of `maintenance:`. */
export const readDataSchema = z
  .string({ error: HINT })
  .transform((given, context): ReadAmount => {
    const amount = parseReadAmount(given.trim())
    if (typeof amount === 'object' && 'problem' in amount) {
      context.addIssue({ code: 'custom', message: amount.problem })
      return z.NEVER
    }
    return amount
  })
  .describe(
    'How much of the data each check reads, decrypts and compares with its checksum: a share (`5%`, `1/20`), a size (`10G`), or `all`. ' +
      'Each check goes on where the last one ended, so that with `5%` everything is read in 20 checks. Without it, a check reads all that ' +
      'describes the data, and sees that every piece is stored.',
  )
  .meta({ examples: ['5%', '10G', 'all'] })

function parseReadAmount(text: string): ReadAmount | { readonly problem: string } {
  if (text === 'all') return 'all'
  const part = /^(\d+)\/(\d+)$/.exec(text)
  const percent = part ? (Number(part[1]) / Number(part[2])) * 100 : shareOf(text)
  if (percent !== undefined) {
    if (percent > 0 && percent <= 100) return { percent }
    return { problem: `'${text}' is no share of the data: ${HINT}` }
  }
  try {
    const bytes = parseSize(text)
    return bytes > 0 ? { bytes } : { problem: `'${text}' is nothing to read: ${HINT}` }
  } catch (error) {
    return { problem: `${errorMessage(error)}: ${HINT}` }
  }
}

function shareOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)
  return match ? Number(match[1]) : undefined
}
