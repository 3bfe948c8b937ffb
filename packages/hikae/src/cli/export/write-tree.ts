import { rename, rm } from 'node:fs/promises'
import type { Repository, Snapshot } from '@hikae/engine'
import { InputError } from '../../errors.ts'
import { printablePath } from '../output/printable.ts'
import { partName, refuseExisting } from './whole-file.ts'

/** What to write out. */
export interface TreePlace {
  readonly repository: Repository
  readonly snapshot: Pick<Snapshot, 'tree'>
  /** Absolute byte string. */
  readonly path: string
}

/**
 * Writes a tree to a folder beside, reads it again, and gives it its name when it is whole.
 *
 * @returns bytes of content
 * @throws {InputError} there is something of that name, or something could not be written
 */
export async function writeTree(
  target: string,
  { repository, snapshot, path }: TreePlace,
  { signal, onWarning }: { signal: AbortSignal; onWarning: (message: string) => void },
): Promise<number> {
  const { restore } = await import('@hikae/engine')
  await refuseExisting(target)
  const part = partName(target)
  try {
    const report = await restore(repository, snapshot, {
      target: part,
      path,
      sparse: true,
      verify: true,
      signal,
      onWarning: ({ message }) => onWarning(message),
    })
    const [first] = report.problems
    if (first) {
      throw new InputError(
        `${report.problems.length} of the files could not be written, the first of them ${printablePath(first.path)}: ${first.error.message}`,
        {
          hint: 'use `hikae restore`, which leaves what it can; `hikae check --read-data` says what is damaged',
          cause: first.error,
        },
      )
    }
    await refuseExisting(target)
    await rename(part, target)
    return report.bytesRestored
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw error
  }
}
