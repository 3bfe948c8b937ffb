import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, InputError, systemCode } from '../../errors.ts'

/**
 * Writes copies of packs into a directory, as `pack-ID`. What is there from an earlier run is left, if it is the same.
 *
 * @throws {InputError} it cannot be written
 */
export async function writePackCopy(directory: string, pack: string, content: Uint8Array): Promise<string> {
  const path = join(directory, `pack-${pack}`)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(content)
    await file.sync()
    return path
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && (await readFile(path)).equals(content)) return path
    throw new InputError(`cannot keep a copy of pack ${pack.slice(0, 8)} as ${path}: ${errorMessage(error)}`, {
      hint: 'name another directory with --keep; nothing was changed in the repository',
      cause: error,
    })
  }
}
