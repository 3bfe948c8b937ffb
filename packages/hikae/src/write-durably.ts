import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncToDisk } from './sync-to-disk.ts'

/** Writes a file of 0600 that is the former or the new one, whole, also after a loss of power. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const fresh = `${path}.new`
  await rm(fresh, { force: true })
  {
    await using file = await open(fresh, 'wx', 0o600)
    await file.writeFile(content)
    await file.sync()
  }
  await rename(fresh, path)
  await syncToDisk(dirname(path))
}
