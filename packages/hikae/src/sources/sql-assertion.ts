import { z } from 'zod'

const expectationSchema = z.union([
  z.string(),
  z.number(),
  z.null(),
  z
    .strictObject({
      min: z.number().optional().describe('the least it may be'),
      max: z.number().optional().describe('the most it may be'),
    })
    .refine(({ min, max }) => min !== undefined || max !== undefined, {
      error: 'min, max or both say what is expected',
    }),
])

/** What is expected of a value. */
export type Expectation = z.output<typeof expectationSchema>

/** One of a kind's `verify:`, for whatever answers SQL. */
export const sqlAssertionSchema = z
  .strictObject({
    sql: z.string().min(1).describe('a query; the first column of its first row counts'),
    expect: expectationSchema.describe('that value, or { min, max }'),
    database: z
      .string()
      .min(1)
      .optional()
      .describe('a glob: only databases whose path or name it matches; each one by default'),
  })
  .describe('what has to be true in a restored database')

export type SqlAssertion = z.output<typeof sqlAssertionSchema>

/** @param found undefined where there was no row */
export function isAsExpected(found: string | number | null | undefined, expect: Expectation): boolean {
  if (expect === null || typeof expect !== 'object') return found === expect
  if (typeof found !== 'number') return false
  const { min = -Infinity, max = Infinity } = expect
  return found >= min && found <= max
}

/** `5`, `1 or more`, `1 to 5` */
export function describeExpectation(expect: Expectation): string {
  if (expect === null || typeof expect !== 'object') return JSON.stringify(expect)
  const { min, max } = expect
  if (min === undefined) return `${max} or less`
  return max === undefined ? `${min} or more` : `${min} to ${max}`
}
