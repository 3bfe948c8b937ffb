import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'

/** Repositories are looked for at the root of a disk and so many levels below. */
const LEVELS = 2

/** Only so many entries of a directory are looked at: a disk full of photos is no place to search. */
const MOST_ENTRIES = 1000

/** What every repository has at its root (§2 of the format). */
const LAYOUT = ['config', 'data', 'index', 'keys', 'snapshots'] as const

/** Folders on a mounted disk that are laid out as a repository; their ids are known only to those with a password. */
export async function repositoriesOn(folder: string, levels = LEVELS): Promise<string[]> {
  const entries = await entriesOf(folder)
  const names = new Set(entries.map(({ name }) => name))
  if (LAYOUT.every((name) => names.has(name))) return [folder]
  if (levels === 0) return []
  const found: string[] = []
  for (const entry of entries.slice(0, MOST_ENTRIES)) {
    if (entry.isDirectory()) found.push(...(await repositoriesOn(join(folder, entry.name), levels - 1)))
  }
  return found.sort()
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return [] // `lost+found` and folders of other people
  }
}
