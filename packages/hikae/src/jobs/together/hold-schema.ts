import { z } from 'zod'
import { engineSchema } from '../../docker/engine-schema.ts'
import { durationSchema } from '../../duration.ts'

const MINUTE_MS = 60_000

const names = z.array(z.string().min(1)).default([])
const program = z.array(z.string().min(1)).min(1)

const containers = z
  .strictObject({
    stop: names.describe('names of containers that are stopped, and started again in the other order'),
    pause: names.describe('names of containers that are paused after the others have stopped, and go on before them'),
    engine: engineSchema,
  })
  .superRefine(({ stop, pause }, context) => {
    if (stop.length + pause.length === 0) {
      context.addIssue({ code: 'custom', message: 'name the containers that write: stop: […], pause: […] or both' })
    }
    for (const name of stop.filter((each) => pause.includes(each))) {
      context.addIssue({ code: 'custom', path: ['pause'], message: `${name} is stopped already: name it once` })
    }
  })

const programs = z.strictObject({
  before: program.describe(
    'the program that makes all of it hold still, and each of its arguments; no shell in between',
  ),
  after: program.describe(
    'the program that lets it go on; run whatever happens, also when `before` failed, and after a kill at the next start',
  ),
  timeout: durationSchema.default(10 * MINUTE_MS).describe('each of them has failed when it takes longer'),
})

/** `hold:` of a job. */
export const holdSchema = z
  .union([containers, programs])
  .describe('what makes everything that writes to the sources of the job hold still, once for all of them')

/** What holds still while the sources of a job are opened, and those are read that are not of one moment by themselves. */
export type HoldConfig = z.output<typeof holdSchema>
export type ContainersToHold = z.output<typeof containers>
export type HoldPrograms = z.output<typeof programs>
