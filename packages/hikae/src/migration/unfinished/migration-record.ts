import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { tryLock } from '../../docker/quiesce/container-lock.ts'
import type { Environment } from '../../environment.ts'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'
import { writeDurably } from '../../write-durably.ts'

const recordSchema = z.object({
  version: z.literal(1),
  /** The label of what it makes. */
  id: z.string(),
  /** Address of the engine on the other side. */
  to: z.string(),
  /** When it began: ISO 8601. */
  began: z.string(),
  /** What is moved, for messages. */
  what: z.string(),
  /** Folder on the other side that was not there, or had nothing in it, before. */
  folder: z.object({ path: z.string(), wasThere: z.boolean() }).optional(),
  /** Ids of images that were not there before, and names that were given. */
  images: z.array(z.string()),
  names: z.array(z.string()),
  /** The copy is whole, and its containers are being started. */
  isStarting: z.boolean(),
})

/** What a migration makes on the other side, so that another process can remove it. */
export type MigrationRecord = z.output<typeof recordSchema>

const RECORD = /^migration-([0-9a-f]{16})\.json$/

/** Where all migrations of this user are written down, and what they hold. */
export async function migrationsFolder(env: Environment): Promise<string> {
  const folder = folderFor(env)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Whether this user has ever migrated anything. */
export function hasMigrations(env: Environment): boolean {
  return existsSync(folderFor(env))
}

function folderFor(env: Environment): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'hikae', 'migrations')
}

export function newMigration(given: Pick<MigrationRecord, 'to' | 'what'>, now: Date): MigrationRecord {
  const id = randomBytes(8).toString('hex')
  return { version: 1, id, ...given, began: now.toISOString(), images: [], names: [], isStarting: false }
}

/** The lock of a migration while its process lives; undefined when it has another one. */
export function lockMigration(folder: string, { id }: Pick<MigrationRecord, 'id'>): Disposable | undefined {
  return tryLock(folder, `migration-${id}`)
}

/** So that it outlasts a loss of power. */
export async function writeMigration(folder: string, record: MigrationRecord): Promise<void> {
  await writeDurably(migrationPath(folder, record), JSON.stringify(record))
}

export async function forgetMigration(folder: string, record: Pick<MigrationRecord, 'id'>): Promise<void> {
  await rm(migrationPath(folder, record), { force: true })
  await rm(`${migrationPath(folder, record)}.new`, { force: true })
  await syncToDisk(folder)
}

/** All that were not finished, also those that go on. */
export async function readMigrations(folder: string): Promise<readonly MigrationRecord[]> {
  const records: MigrationRecord[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    if (!RECORD.test(name)) continue
    try {
      records.push(recordSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8'))))
    } catch (error) {
      // Finished in between; a record is written whole or not at all.
      if (systemCode(error) !== 'ENOENT') throw error
    }
  }
  return records
}

/** Where it is written. */
export function migrationPath(folder: string, { id }: Pick<MigrationRecord, 'id'>): string {
  return join(folder, `migration-${id}.json`)
}
