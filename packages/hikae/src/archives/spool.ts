import { type FileHandle, open, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { errorMessage, InputError, systemCode } from '../errors.ts'

/**
 * Writes a stream to a file that has no name any more: only we can read it, and nothing is left when we are killed.
 *
 * @param folder on a disk with room for all of it
 * @throws {InputError} it cannot be written there @throws what the stream throws
 */
export async function spool(content: AsyncIterable<Uint8Array>, folder: string): Promise<FileHandle> {
  const file = await openNameless(folder)
  try {
    for await (const piece of content) await explained(folder, async () => file.writeFile(piece))
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `hikae-${randomUUID()}`)
  const file = await explained(folder, async () => open(path, 'wx+', 0o600))
  try {
    await rm(path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function explained<T>(folder: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const hint =
      systemCode(error) === 'ENOSPC'
        ? 'it needs room for the unpacked archive: name a folder on another disk with --scratch'
        : 'name another folder with --scratch'
    throw new InputError(`cannot unpack into ${folder}: ${errorMessage(error)}`, { hint, cause: error })
  }
}
