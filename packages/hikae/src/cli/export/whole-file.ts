import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorMessage, InputError, systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'

export interface WrittenFile {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/**
 * Writes content to a file beside, and gives it its name when all of it is on the disk: under its name it is never a half
 * one. Only the owner may read it.
 *
 * @throws {InputError} there is something of that name, or it cannot be written @throws what the content throws
 */
export async function writeWholeFile(path: string, content: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  await refuseExisting(path)
  const part = partName(path)
  const file = await explained(path, async () => open(part, 'wx', 0o600))
  try {
    const written = await writeAll(path, file, content)
    await refuseExisting(path)
    await explained(path, async () => rename(part, path))
    await explained(path, async () => syncToDisk(dirname(path)))
    return written
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

/** A hidden name in the same folder. */
export function partName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`)
}

/** @throws {InputError} something has that name */
export async function refuseExisting(path: string): Promise<void> {
  try {
    await lstat(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw new InputError(`cannot write ${path}: ${errorMessage(error)}`, { hint: 'choose another place', cause: error })
  }
  throw new InputError(`${path} is there already`, { hint: 'choose another name with --output, or remove it first' })
}

async function writeAll(path: string, file: FileHandle, content: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for await (const piece of content) {
      await explained(path, async () => file.writeFile(piece))
      hash.update(piece)
      bytes += piece.length
    }
    await explained(path, async () => file.sync())
  } finally {
    await file.close()
  }
  return { bytes, sha256: hash.digest('hex') }
}

async function explained<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw new InputError(`cannot write ${path}: ${errorMessage(error)}`, {
      hint: 'choose another place with --output',
      cause: error,
    })
  }
}
