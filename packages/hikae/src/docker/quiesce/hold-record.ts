import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'
import { writeDurably } from '../../write-durably.ts'
import { sweepLocks, tryLock } from './container-lock.ts'

export const methodName = z.enum(['stop', 'pause', 'exec'])

const heldContainer = z.object({
  id: z.string(),
  name: z.string(),
  how: methodName,
  /** When the process began that was made to hold still, as the engine says it. */
  startedAt: z.string(),
  /** When it was asked to hold still: ISO 8601. */
  heldAt: z.string(),
  /** How long the engine may take to stop it. */
  stopSeconds: z.number(),
})

const holdRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** Address of the engine, and what it is spoken to with, so that it is found again whatever the stack file says by then. */
  engine: z.string(),
  tls: z.object({ ca: z.string(), cert: z.string(), key: z.string() }).partial().optional(),
  source: z.string(),
  host: z.string(),
  pid: z.number(),
  /** What lets a container go on after `exec`. */
  after: z.object({ program: z.array(z.string()), timeoutMs: z.number() }).optional(),
  /** In the order in which they were made to hold still. */
  containers: z.array(heldContainer),
})

/** A container that was, or is about to be, made to hold still. */
export type HeldContainer = z.output<typeof heldContainer>

/** What has to be undone, so that another process can do it. */
export type HoldRecord = z.output<typeof holdRecord>

const BEGINNING = 'held-'
const RECORD = /^held-[0-9a-f]{16}\.json$/
const UNFINISHED = /^held-([0-9a-f]{16})\.json\.new$/

export function newRecord(given: Pick<HoldRecord, 'engine' | 'tls' | 'source' | 'after'>): HoldRecord {
  const id = randomBytes(8).toString('hex')
  return { version: 1, id, ...given, host: hostname(), pid: process.pid, containers: [] }
}

/** Name of the lock that whoever holds the containers has on his record. */
export function lockOfRecord(id: string): string {
  return `${BEGINNING}${id}`
}

/** Where the record is written. */
export function recordPath(folder: string, id: string): string {
  return join(folder, `${BEGINNING}${id}.json`)
}

/** Writes it down so that it outlasts a loss of power; one with no containers is removed. */
export async function writeRecord(folder: string, record: HoldRecord): Promise<void> {
  const path = recordPath(folder, record.id)
  if (record.containers.length > 0) return await writeDurably(path, JSON.stringify(record))
  await rm(path, { force: true })
  await syncToDisk(folder)
}

/** Records in a folder, also those of the living; those that make no sense by their paths. */
export async function readRecords(
  folder: string,
): Promise<{ readonly records: readonly HoldRecord[]; readonly unreadable: readonly string[] }> {
  const records: HoldRecord[] = []
  const unreadable: string[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    if (!RECORD.test(name)) continue
    const path = join(folder, name)
    try {
      records.push(holdRecord.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch (error) {
      if (systemCode(error) === 'ENOENT') continue // removed in between by the process that it is of
      unreadable.push(path)
    }
  }
  return { records, unreadable }
}

/** Removes what processes have left that were killed before they had written their records. */
export async function sweepRecords(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const id = UNFINISHED.exec(name)?.[1]
    using lock = id === undefined ? undefined : tryLock(folder, lockOfRecord(id))
    if (lock) await rm(join(folder, name), { force: true })
  }
  sweepLocks(folder, BEGINNING)
}
