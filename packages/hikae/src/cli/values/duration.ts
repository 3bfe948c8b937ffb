import { UsageError } from '../../errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `5m`, `1h30m`, `0`: milliseconds. */
export function parseDuration(text: string): number {
  const trimmed = text.trim()
  if (trimmed === '0') return 0
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== trimmed) {
    throw new UsageError(`'${text}' is not a duration`, { hint: 'write a number and s, m, h or d, as in 5m or 1h30m' })
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit!]!, 0)
}
