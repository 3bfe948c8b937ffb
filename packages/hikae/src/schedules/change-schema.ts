import { z } from 'zod'
import { durationSchema } from '../duration.ts'
import type { ChangeSchedule } from './schedule.ts'

const SETTLE_MS = 30_000
const AT_MOST_MS = 10 * 60_000
const LONGEST_MS = 24 * 3_600_000

const duration = durationSchema.refine((ms) => ms >= 1000 && ms <= LONGEST_MS, { error: 'a time from 1s to 24h' })

const parts = z
  .strictObject({
    change: z.strictObject({
      settle: duration
        .optional()
        .describe(
          'How long nothing may change before the job runs, so that it does not run in the middle (default 30s).',
        ),
      atMost: duration
        .optional()
        .describe('What never stops changing is saved so long after the first change (default 10m).'),
    }),
  })
  .refine(({ change: { settle = SETTLE_MS, atMost = Math.max(AT_MOST_MS, settle) } }) => atMost >= settle, {
    error: 'atMost is shorter than settle: the job would run in the middle of a change',
    path: ['change', 'atMost'],
  })

/** `on:` of a job. */
export const changeSchema = z
  .union([z.literal('change', { error: 'a job can run on: change' }), parts])
  .transform((given): ChangeSchedule => {
    const { settle = SETTLE_MS, atMost = Math.max(AT_MOST_MS, settle) } = given === 'change' ? {} : given.change
    return { kind: 'change', settleMs: settle, atMostMs: atMost }
  })
  .describe(
    '`change`: the job runs when something in its sources has changed and then been quiet for 30 seconds, or after ten minutes of ' +
      'constant change. Other times: `{ change: { settle: 2m, atMost: 1h } }`. Needs the daemon, which watches.',
  )
