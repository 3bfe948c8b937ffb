import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What tests keep from one run to the next, and what `script/fetch-program` fetches: in this checkout, never in git. */
export const CACHE = join(import.meta.dirname, '../../../.cache')

/**
 * A file or folder that takes long to make, and is the same each time: made by the first that asks, kept in {@link CACHE}.
 * It appears whole; of several that make it at the same time one wins.
 *
 * @param ingredients all that it depends on; when something in it changes, it is made anew, and the former one removed
 * @returns its path, to be read only
 */
export async function madeOnce(
  name: string,
  ingredients: readonly string[],
  make: (path: string) => Promise<void>,
): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 16)
  const path = join(CACHE, 'tests', `${name}-${key}`)
  if (await exists(path)) return path
  await mkdir(join(CACHE, 'tests'), { recursive: true })
  const mine = `${path}.${process.pid}-${Date.now()}`
  try {
    await make(mine)
    await rename(mine, path)
  } catch (error) {
    await rm(mine, { recursive: true, force: true })
    // A folder cannot take the place of another.
    if (!(await exists(path))) throw error
  }
  await removeFormer(name, path)
  return path
}

async function removeFormer(name: string, current: string): Promise<void> {
  const folder = join(CACHE, 'tests')
  for (const other of await readdir(folder)) {
    const isFormer = other.startsWith(`${name}-`) && /^[0-9a-f]{16}$/.test(other.slice(name.length + 1))
    if (isFormer && join(folder, other) !== current) await rm(join(folder, other), { recursive: true, force: true })
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
