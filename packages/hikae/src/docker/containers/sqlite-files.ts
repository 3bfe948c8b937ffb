import type { Dirent } from 'node:fs'
import { lstat, open, opendir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemCode } from '../../errors.ts'

/** With these bytes a database of SQLite begins. */
export const SQLITE_MAGIC = Buffer.from('SQLite format 3\0')
const ENDINGS = /\.(?:sqlite3?|db3?)$/i
const COMPANION = /-(?:wal|journal)$/

/** More is not looked at: this is a warning, not an inventory. */
const MOST_NAMES = 4000
const MOST_OPENED = 100
export const MOST_FOUND = 20

/**
 * SQLite databases in a folder, or a file that is one, by their names and first bytes. What cannot be read is passed over, and so is what lies
 * behind the first few thousand names.
 *
 * @returns paths from the folder; of a file, its name
 */
export async function findSqliteFiles(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  if (await isFile(folder)) return (await isSqlite(folder)) ? [basename(folder)] : []
  const found: string[] = []
  const waiting = ['']
  let [names, opened] = [0, 0]
  for (let inner = waiting.shift(); inner !== undefined; inner = waiting.shift()) {
    signal.throwIfAborted()
    const entries = await entriesOf(join(folder, inner), MOST_NAMES - names)
    names += entries.length
    waiting.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(inner, name)))
    const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
    for (const name of mayBeSqlite(files)) {
      if (found.length >= MOST_FOUND || ++opened > MOST_OPENED) return found
      if (await isSqlite(join(folder, inner, name))) found.push(join(inner, name))
    }
    if (names >= MOST_NAMES) return found
  }
  return found
}

async function isFile(path: string): Promise<boolean> {
  return await lstat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}

/** Whether it is beside a database that is in use. */
export function isCompanion(name: string): boolean {
  return COMPANION.test(name)
}

/** Which names of a folder's files are those that databases of SQLite have. */
export function mayBeSqlite(files: readonly string[]): string[] {
  const inUse = new Set(files.filter(isCompanion).map((name) => name.replace(COMPANION, '')))
  return files.filter((name) => ENDINGS.test(name) || inUse.has(name)).toSorted()
}

async function entriesOf(folder: string, most: number): Promise<Dirent[]> {
  const entries: Dirent[] = []
  try {
    for await (const entry of await opendir(folder)) {
      if (entries.length >= most) break
      entries.push(entry)
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
  return entries
}

async function isSqlite(path: string): Promise<boolean> {
  try {
    await using file = await open(path)
    const { length } = SQLITE_MAGIC
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return bytesRead === length && buffer.equals(SQLITE_MAGIC)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
