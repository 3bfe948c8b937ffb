import { accessSync, constants, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CopyOrder } from './tasks.ts'

/** Short, so that a stop is noticed between two tries. */
const TRY_MS = 100
const BUSY = new Set([5, 6])
/** Pages of one step, after which a stop is noticed: 16 MiB of usual pages, a few milliseconds. */
const PAGES_AT_ONCE = 4096

/**
 * Copies a database page by page, as it was at one moment, while others write. A read transaction is held from before the
 * first step to after the last: without it, every commit of somebody else makes SQLite begin anew, and under a constant
 * writer that never ends. See docs/decisions/0011-sqlite-copy.md for what was measured.
 *
 * @throws SQLite's errors, `database is locked` when nobody else let it be read for the time given
 */
export async function copyDatabase(
  { path, copy, busyTimeoutMs }: CopyOrder,
  stop: AbortSignal,
): Promise<{ journalMode: string }> {
  // SQLite takes an empty file as it is, mode included; one that it makes could be read by others.
  writeFileSync(copy, '', { mode: 0o600, flag: 'wx' })
  using source = openLive(path)
  await beginReading(source, performance.now() + busyTimeoutMs, stop)
  const { journal_mode: journalMode } = source.prepare('pragma journal_mode').get() as { journal_mode: string }
  await backup(source, copy, { rate: PAGES_AT_ONCE, progress: () => stop.throwIfAborted() })
  source.exec('rollback')
  return { journalMode }
}

/**
 * For writing where that is allowed, though nothing is written: a connection that may only read leaves `-wal` and `-shm`
 * beside a database in WAL mode, and cannot read after a crash of the program that writes.
 */
function openLive(path: string): DatabaseSync {
  return new DatabaseSync(path, {
    readOnly: !isWritable(path),
    timeout: TRY_MS,
    enableForeignKeyConstraints: false,
    enableDoubleQuotedStringLiterals: true,
  })
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    accessSync(dirname(path), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** A transaction begins with its first read. */
async function beginReading(source: DatabaseSync, deadline: number, stop: AbortSignal): Promise<void> {
  for (;;) {
    stop.throwIfAborted()
    try {
      source.exec('begin; select count(*) from sqlite_schema')
      return
    } catch (error) {
      if (source.isTransaction) source.exec('rollback')
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
    await sleep(TRY_MS, undefined, { signal: stop })
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && BUSY.has(Number(error.errcode) & 0xff)
}
