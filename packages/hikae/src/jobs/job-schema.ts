import { z } from 'zod'
import { durationSchema } from '../duration.ts'
import { changeSchema } from '../schedules/change-schema.ts'
import { dailyHoursSchema } from '../schedules/daily-hours-schema.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { scheduleSchema } from '../schedules/schedule-schema.ts'
import { sizeSchema } from '../size-schema.ts'
import { hooksSchema } from './hook-schema.ts'
import type { JobLimits } from './job.ts'
import { type HoldConfig, holdSchema } from './together/hold-schema.ts'
import { keepSchema } from './keep-schema.ts'

const text = z.string().min(1)

const objectives = z
  .strictObject({
    rpo: durationSchema
      .optional()
      .describe('how old the last good snapshot may be, at most (recovery point objective)'),
    rto: durationSchema.optional().describe('how long a restore may take, at most (recovery time objective)'),
  })
  .describe('what is promised; `hikae status` says whether it is kept')

const limits = z
  .strictObject({
    between: dailyHoursSchema.optional(),
    upload: sizeSchema
      .optional()
      .describe('bytes that a run sends per second to each repository')
      .meta({ examples: ['5M'] }),
    download: sizeSchema.optional().describe('bytes that a run receives per second from each repository'),
    timeout: durationSchema.optional().describe('a run that lasts longer is stopped, and has failed'),
  })
  .describe('bounds of a run')

/** One of `jobs:`. */
export const jobSchema = z
  .strictObject({
    sources: z
      .array(text)
      .optional()
      .describe(
        'names of sources; all of the stack by default. With `discover:`, `[]` stands for a job that saves only what containers bring to it',
      ),
    to: z.array(text).min(1).optional().describe('names of repositories; all of the stack by default'),
    schedule: scheduleSchema.optional(),
    on: changeSchema.optional(),
    keep: keepSchema.default('forever'),
    objectives: objectives.prefault({}),
    consistent: z
      .literal('together')
      .optional()
      .describe(
        'all its sources are saved of one moment, for which `hold:` makes everything hold still that writes to them',
      ),
    hold: holdSchema.optional(),
    hooks: hooksSchema.prefault({}),
    limits: limits.prefault({}),
  })
  .transform((given, context): ConfiguredJob => {
    const { schedule, on, sources, to, consistent, hold, objectives: promised, limits: bounds, ...rest } = given
    if (schedule && on) {
      context.addIssue({ code: 'custom', path: ['on'], message: 'a job has either schedule: or on:, not both' })
      return z.NEVER
    }
    if (consistent && !hold) {
      const message = 'consistent: together needs hold:, which says what writes to the sources'
      context.addIssue({ code: 'custom', path: ['consistent'], message })
      return z.NEVER
    }
    if (hold && !consistent) {
      context.addIssue({ code: 'custom', path: ['hold'], message: 'hold: is for jobs with consistent: together' })
      return z.NEVER
    }
    return {
      ...rest,
      ...(hold ? { together: hold } : {}),
      ...(sources === undefined ? {} : { sources }),
      ...(to === undefined ? {} : { repositories: to }),
      schedule: schedule ?? on ?? { kind: 'manual' },
      objectives: {
        ...(promised.rpo === undefined ? {} : { rpoMs: promised.rpo }),
        ...(promised.rto === undefined ? {} : { rtoMs: promised.rto }),
      },
      limits: {
        ...(bounds.between === undefined ? {} : { between: bounds.between }),
        ...(bounds.timeout === undefined ? {} : { timeoutMs: bounds.timeout }),
        ...(bounds.upload === undefined ? {} : { uploadBytesPerSecond: bounds.upload }),
        ...(bounds.download === undefined ? {} : { downloadBytesPerSecond: bounds.download }),
      },
    }
  })

/** A job as the stack file has it. */
export interface ConfiguredJob {
  /** Names; all sources of the stack when absent. */
  readonly sources?: readonly string[]
  /** Names; all repositories of the stack when absent. */
  readonly repositories?: readonly string[]
  readonly schedule: Schedule
  readonly keep: z.output<typeof keepSchema>
  readonly hooks: z.output<typeof hooksSchema>
  /** Of one with `consistent: together`. */
  readonly together?: HoldConfig
  readonly limits: JobLimits & { readonly between?: z.output<typeof dailyHoursSchema> }
  readonly objectives: { readonly rpoMs?: number; readonly rtoMs?: number }
}
