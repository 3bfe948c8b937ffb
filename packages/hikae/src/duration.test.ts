import { describe, test } from 'vitest'
import { z } from 'zod'
import { durationSchema } from './duration.ts'

describe('a duration in the stack file', () => {
  test.for([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['6h', 21_600_000],
    ['2d', 172_800_000],
    ['1w', 604_800_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['0.1ms', undefined],
    ['0s', undefined],
    ['', undefined],
    ['5', undefined],
    ['h', undefined],
    ['5 m', undefined],
    ['5m later', undefined],
    ['-5m', undefined],
    ['5y', undefined],
    [300, undefined],
  ] as const)('%j is %j ms', ([text, expected], { expect }) => {
    expect(durationSchema.safeParse(text).data).toBe(expected)
  })

  test('a wrong one is answered with examples', ({ expect }) => {
    expect(durationSchema.safeParse('soon').error?.issues[0]?.message).toBe(
      'a duration is a number with s, m, h, d or w, as in 30s, 5m, 6h or 1h30m',
    )
  })

  test('can be described as JSON Schema, for editors', ({ expect }) => {
    expect(z.toJSONSchema(durationSchema, { io: 'input' })).toMatchObject({ type: 'string' })
  })
})
