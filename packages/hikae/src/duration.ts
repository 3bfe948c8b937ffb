import { z } from 'zod'

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const PART = /(\d+(?:\.\d+)?)(ms|[smhdw])/g
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/

/** `30s`, `5m`, `1h30m`, `6h`, `2d`, `1w` in the stack file: milliseconds, whole and more than none. */
export const durationSchema = z
  .string()
  .regex(DURATION, { error: 'a duration is a number with s, m, h, d or w, as in 30s, 5m, 6h or 1h30m' })
  .transform(milliseconds)
  .refine((ms) => ms > 0, { error: 'a duration is longer than nothing' })

function milliseconds(text: string): number {
  const sum = [...text.matchAll(PART)].reduce((total, [, amount, unit]) => total + Number(amount) * UNIT_MS[unit!]!, 0)
  return Math.round(sum)
}
