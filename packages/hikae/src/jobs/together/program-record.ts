import { randomBytes } from 'node:crypto'
import { open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'

const programRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** What lets go on what was made to hold still. */
  after: z.array(z.string()).min(1),
  timeoutMs: z.number(),
  /** Where it runs, and with which variables besides those of the environment. */
  folder: z.string(),
  variables: z.record(z.string(), z.string()),
  /** When the program before it was begun: ISO 8601. */
  heldAt: z.string(),
})

/** What has to be run so that everything goes on, so that another process can do it. */
export type ProgramRecord = z.output<typeof programRecord>

const RECORD = /^program-([0-9a-f]{16})\.json$/

export function newProgramRecord(given: Omit<ProgramRecord, 'version' | 'id' | 'heldAt'>): ProgramRecord {
  return { version: 1, id: randomBytes(8).toString('hex'), heldAt: new Date().toISOString(), ...given }
}

/** Name of the lock that whoever lets it go on has on his record. */
export function lockOfProgram(id: string): string {
  return `program-${id}`
}

export function programRecordPath(folder: string, id: string): string {
  return join(folder, `program-${id}.json`)
}

/** Outlasts a loss of power. */
export async function writeProgramRecord(folder: string, record: ProgramRecord): Promise<void> {
  const path = programRecordPath(folder, record.id)
  const fresh = `${path}.new`
  {
    await using file = await open(fresh, 'w', 0o600)
    await file.writeFile(JSON.stringify(record))
    await file.sync()
  }
  await rename(fresh, path)
  await syncToDisk(folder)
}

export async function removeProgramRecord(folder: string, { id }: Pick<ProgramRecord, 'id'>): Promise<void> {
  await rm(programRecordPath(folder, id), { force: true })
  await syncToDisk(folder)
}

/** Ids of the records in a folder, also of those of the living. */
export async function programRecordIds(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).toSorted().flatMap((name) => RECORD.exec(name)?.[1] ?? [])
}

/** @returns undefined when it is gone @throws {SyntaxError | z.ZodError} it makes no sense */
export async function readProgramRecord(folder: string, id: string): Promise<ProgramRecord | undefined> {
  try {
    return programRecord.parse(JSON.parse(await readFile(programRecordPath(folder, id), 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
