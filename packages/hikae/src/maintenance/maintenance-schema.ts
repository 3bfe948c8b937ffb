import { z } from 'zod'
import { parseSchedule } from '../schedules/parse-schedule.ts'
import type { TimedSchedule } from '../schedules/schedule.ts'
import { type ReadAmount, readDataSchema } from './read-data-schema.ts'

/** A schedule of jobs that comes by itself. */
const timed = z.string().transform((text, context): TimedSchedule => {
  const parsed = parseSchedule(text)
  if ('value' in parsed && parsed.value.kind !== 'manual') return parsed.value
  const problems = 'problems' in parsed ? parsed.problems : ['what is done by hand needs no schedule: leave it out']
  for (const message of problems) context.addIssue({ code: 'custom', message })
  return z.NEVER
})

/** `maintenance:` of the stack file. */
export const maintenanceSchema = z
  .strictObject({
    check: timed
      .optional()
      .describe('when repositories are checked: a schedule, written as that of a job')
      .meta({ examples: ['weekly', 'daily at 05:00'] }),
    readData: readDataSchema.optional(),
    prune: timed
      .optional()
      .describe('when the space of what no snapshot needs is freed: a schedule, written as that of a job')
      .meta({ examples: ['weekly', 'monthly'] }),
    to: z.array(z.string().min(1)).min(1).optional().describe('names of repositories; all of the stack by default'),
  })
  .superRefine(({ check, readData }, context) => {
    if (readData === undefined || check !== undefined) return
    context.addIssue({ code: 'custom', path: ['readData'], message: 'data is read by checks: say when with check:' })
  })
  .describe('how repositories are kept whole and small, by themselves')

/** As the stack file has it. */
export interface ConfiguredMaintenance {
  readonly check?: TimedSchedule | undefined
  readonly readData?: ReadAmount | undefined
  readonly prune?: TimedSchedule | undefined
  /** Names; all repositories of the stack when absent. */
  readonly to?: readonly string[] | undefined
}
