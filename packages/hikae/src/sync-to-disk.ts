import { open } from 'node:fs/promises'

/** Makes what was written to a file, or renamed, made and removed in a folder, outlast a loss of power. */
export async function syncToDisk(path: string | Buffer): Promise<void> {
  await using opened = await open(path, 'r')
  await opened.sync()
}
