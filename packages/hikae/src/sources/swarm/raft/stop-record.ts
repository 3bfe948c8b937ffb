import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { engineSchema } from '../../../docker/engine-schema.ts'
import { InputError, systemCode } from '../../../errors.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import { writeDurably } from '../../../write-durably.ts'

const program = z.array(z.string()).min(1)
const recordSchema = z.object({
  version: z.literal(1),
  /** ISO 8601. */
  stoppedAt: z.string(),
  /** Which engine, as the stack file has it. */
  engine: engineSchema,
  start: program,
  unlock: program.optional(),
})

/** An engine that was stopped, or is about to be, and how it is started again. */
export type StopRecord = z.output<typeof recordSchema>

/** The lock of whoever has the engine stopped. */
export const STOP_LOCK = 'raft-engine'

const NAME = 'raft-engine-stopped.json'

/** Outlasts a loss of power. */
export async function writeStopRecord(folder: string, record: StopRecord): Promise<void> {
  await writeDurably(join(folder, NAME), JSON.stringify(record))
}

/** @returns undefined when no engine was left stopped @throws {InputError} */
export async function readStopRecord(folder: string): Promise<StopRecord | undefined> {
  const path = join(folder, NAME)
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new InputError(`${path} says how a stopped Docker Engine is started again, and cannot be read`, {
      hint: 'see whether the engine runs, then remove that file',
      cause: error,
    })
  }
}

export async function removeStopRecord(folder: string): Promise<void> {
  await rm(join(folder, NAME), { force: true })
  await syncToDisk(folder)
}
