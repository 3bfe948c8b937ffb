import { z } from 'zod'
import { type EngineConfig, engineSchema } from '../../docker/engine-schema.ts'
import { durationSchema } from '../../duration.ts'

const MINUTE_MS = 60_000

const names = z.array(z.string().min(1)).min(1).optional()
const program = z.array(z.string().min(1)).min(1).optional()

/** Containers that are made to hold still, by name. */
export interface ContainersToHold {
  readonly stop: readonly string[]
  readonly pause: readonly string[]
  readonly engine?: EngineConfig
}

/** Programs that make everything hold still, and let it go on. */
export interface HoldPrograms {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly timeoutMs: number
}

/** What holds still while the sources of a job are opened, and those are read that are not of one moment by themselves. */
export type HoldConfig = ContainersToHold | HoldPrograms

/** `hold:` of a job: containers, or programs. */
export const holdSchema = z
  .strictObject({
    stop: names.describe('names of containers that are stopped, and started again in the other order'),
    pause: names.describe('names of containers that are paused after the others have stopped, and go on before them'),
    engine: engineSchema,
    before: program.describe(
      'instead of containers: the program that makes all of it hold still, and each of its arguments; no shell in between',
    ),
    after: program.describe(
      'the program that lets it go on; run whatever happens, also when `before` failed, and after a kill at the next start',
    ),
    timeout: durationSchema
      .optional()
      .describe('each of the programs has failed when it takes longer')
      .meta({ default: '10m' }),
  })
  .transform((given, context): HoldConfig => {
    const { stop = [], pause = [], engine, before, after, timeout = 10 * MINUTE_MS } = given
    const refuse = (path: readonly string[], message: string): never => {
      context.addIssue({ code: 'custom', path: [...path], message })
      return z.NEVER
    }
    if (before || after) {
      if (!before) return refuse([], 'before: is missing, the program that makes all of it hold still')
      if (!after) return refuse([], 'after: is missing, the program that lets it go on')
      const strange = (['stop', 'pause', 'engine'] as const).find((key) => given[key] !== undefined)
      if (strange) return refuse([strange], `${strange}: is for containers: have programs hold all of it, or none`)
      return { before, after, timeoutMs: timeout }
    }
    if (stop.length + pause.length === 0) {
      return refuse([], 'say what writes: containers (stop: […], pause: […]), or programs (before: […], after: […])')
    }
    const twice = stop.find((name) => pause.includes(name))
    if (twice !== undefined) return refuse(['pause'], `${twice} is stopped already: name it once`)
    if (given.timeout !== undefined) return refuse(['timeout'], 'timeout: is for programs; a container has its own')
    return { stop, pause, ...(engine && { engine }) }
  })
  .describe('what makes everything that writes to the sources of the job hold still, once for all of them')
