import { z } from 'zod'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { madeByUs } from '../../../docker/made-by.ts'
import type { ReadContext } from '../../source-kind.ts'
import { createVolume, removeVolume, type Volume } from '../volume.ts'
import { exchangeVolumeName, LABELS, specSchema } from './volume-labels.ts'

const stepSchema = z.object({
  way: z.enum(['direct', 'archive']),
  /** The volume that gets another content. */
  spec: specSchema,
  /** Name of the volume whose content it gets. */
  from: z.string(),
  /** Name of the volume that has, or gets, what was in it before. */
  to: z.string(),
})

const madeSchema = z.object({ name: z.string(), mark: z.string(), restored: z.string() })

const exchangeSchema = z.object({
  towards: z.enum(['new', 'old']),
  /** Volumes that were made where none were: see `MadeVolume`. */
  made: z.array(madeSchema).default([]),
  /** Name of a record that this one takes the place of. */
  insteadOf: z.string().optional(),
  /** Containers that are to run when all is done, by their names. */
  start: z.array(z.string()).default([]),
  steps: z.array(stepSchema),
})

/** What is done to one volume. */
export type ExchangeStep = z.output<typeof stepSchema>

/** What is done to several volumes, as one: to all of them or to none. */
export type RecordedExchange = z.output<typeof exchangeSchema>

/** An exchange that is written down, until it is removed. */
export interface ExchangeRecord {
  readonly name: string
  /** All of it is done. When the engine does not remove it, the next start does, which finds nothing to do. */
  remove(): Promise<void>
}

/**
 * Writes down, as a volume with a label, what is about to be done to several. When the process is killed on the way,
 * `settleExchanges` does the rest, or has all as it was if nothing was begun.
 *
 * @throws {DockerError}
 */
export async function recordExchange(
  engine: DockerEngine,
  exchange: z.input<typeof exchangeSchema>,
  { log }: Pick<ReadContext, 'log'>,
): Promise<ExchangeRecord> {
  const name = exchangeVolumeName()
  const labels = { [LABELS.exchange]: JSON.stringify(exchange), [LABELS.by]: madeByUs() }
  await createVolume(engine, { name, driver: 'local', options: {}, labels })
  return {
    name,
    async remove() {
      try {
        await removeVolume(engine, name)
      } catch (error) {
        if (!(error instanceof DockerError)) throw error
        log(`the volume ${name}, which says what was exchanged, is removed by the next start: ${error.message}`)
      }
    },
  }
}

/** @returns undefined when the label makes no sense */
export function exchangeOf({ labels }: Pick<Volume, 'labels'>): RecordedExchange | undefined {
  try {
    return exchangeSchema.safeParse(JSON.parse(labels[LABELS.exchange] ?? '')).data
  } catch {
    return undefined
  }
}
