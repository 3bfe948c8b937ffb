import { rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { EntryMetadata, FileEntry } from '@hikae/engine'
import { InputError, systemCode } from '../../errors.ts'
import type { CheckMode } from './config.ts'
import type { DatabaseProcess } from './database-process.ts'
import { metadataOf, type PlacedFile } from './entry-tree.ts'
import { type DatabaseFacts, latin1 } from './facts.ts'
import { COMPANIONS } from './find-databases.ts'
import { SqliteError } from './sqlite-error.ts'

/** A copy that holds still, and what is known of it. */
export interface CopiedDatabase extends PlacedFile {
  readonly facts: DatabaseFacts
  readonly sqliteVersion: string
}

export interface CopyOptions {
  /** Where the copy is made; absent now. */
  readonly copy: string
  readonly busyTimeoutMs: number
  readonly check: CheckMode
}

/**
 * Copies a live database, checks the copy and finds out what is in it. A damaged one is copied too: its facts say so.
 *
 * @throws {SqliteError | InputError} there is no consistent copy to be had; nothing is left of it
 */
export async function copyFrom(database: DatabaseProcess, path: string, options: CopyOptions): Promise<CopiedDatabase> {
  const { copy, busyTimeoutMs, check } = options
  try {
    await refuseOthers(database, path)
    const original = metadataOf(await stat(path, { bigint: true }))
    const mtimeNs = await lastWriteNs(path, original.mtimeNs)
    const { journalMode } = await database.run('copy', { path, copy, busyTimeoutMs })
    const { sqliteVersion, ...inspection } = await database.run('inspect', { path: copy, check })
    const { mode, uid, gid } = metadataOf(await stat(dirname(path), { bigint: true }))
    const folder = { mode: mode & 0o7777, uid, gid }
    const entry = entryOf(path, copy, { ...original, ...(await identityOf(copy, mtimeNs)) })
    return { path, entry, facts: { path, folder, journalMode, ...inspection }, sqliteVersion }
  } catch (error) {
    await removeCopy(copy)
    throw error instanceof SqliteError ? explained(error, path, busyTimeoutMs) : error
  }
}

/** With what SQLite had beside it when it was killed. */
export async function removeCopy(copy: string): Promise<void> {
  for (const end of ['', ...COMPANIONS]) await rm(`${copy}${end}`, { force: true })
}

async function refuseOthers(database: DatabaseProcess, path: string): Promise<void> {
  if ((await database.run('look', { path })) !== 'other') return
  throw new SqliteError({ message: 'it is no SQLite database, or an encrypted one', sqliteCode: 26 }, path)
}

/** What is written in WAL mode is in the log for a while, and the main file looks untouched. */
async function lastWriteNs(path: string, mainNs: bigint): Promise<bigint> {
  try {
    const { mtimeNs, size } = await stat(`${path}-wal`, { bigint: true })
    return size > 0n && mtimeNs > mainNs ? mtimeNs : mainNs
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return mainNs
    throw error
  }
}

/**
 * The copy's own where a file is told from an unchanged one: the original's would be the same after a change that is
 * only in the log, and the last snapshot's content would be taken for this one's. All of it has to be what the file system
 * says of the copy, or else the engine takes it for a file that changed, and owner and mode from it too; so the time of
 * the original is given to the copy first, to the microsecond that Node can set.
 */
async function identityOf(copy: string, mtimeNs: bigint): Promise<Partial<EntryMetadata>> {
  const seconds = Number(mtimeNs / 1000n) / 1_000_000
  await utimes(copy, seconds, seconds)
  const { size, mtimeNs: given, ctimeNs, inode } = metadataOf(await stat(copy, { bigint: true }))
  return { size, mtimeNs: given, ctimeNs, inode, links: 1n }
}

function entryOf(path: string, copy: string, metadata: EntryMetadata): FileEntry {
  const content = { kind: 'path', path: Buffer.from(copy) } as const
  return { kind: 'file', name: latin1(basename(path)), metadata, content, chunks: 'fine' }
}

function explained(error: SqliteError, path: string, busyTimeoutMs: number): Error {
  if (!error.isBusy) return error.message.startsWith(path) ? error : new SqliteError(error.failure, path)
  const seconds = Math.ceil(busyTimeoutMs / 1000)
  return new InputError(`${path} has been locked by another program for ${seconds} s`, {
    hint: 'find out which program has an open transaction on it, or allow it more time with busyTimeout',
    cause: error,
  })
}
