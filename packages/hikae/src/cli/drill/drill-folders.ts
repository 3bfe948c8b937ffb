import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { InputError } from '../../errors.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import { formatBytes } from '../output/format.ts'
import { StackFolders } from '../jobs/run-folders.ts'

/** Below the folder that somebody names, so that nothing else there is touched. */
const OWN_FOLDER = 'hikae-drill'

/**
 * Room in which sources are brought back to be looked at. What killed drills have left there is removed first; disposing of it
 * leaves nothing.
 */
export class DrillFolders implements AsyncDisposable {
  readonly #folders: StackFolders

  private constructor(folders: StackFolders) {
    this.#folders = folders
  }

  /** @param named by the person; the state of the stack by default */
  static async open(named: string | undefined, stateFolder: string): Promise<DrillFolders> {
    const folders = new StackFolders(named === undefined ? stateFolder : join(resolve(named), OWN_FOLDER))
    await folders.removeLeftByCommands()
    return new DrillFolders(folders)
  }

  /**
   * For one source; only who asks for a folder needs the room.
   *
   * @param bytes of the point, where that is known
   * @param owned removes the folder
   */
  scratchFor(source: string, bytes: number | undefined, owned: AsyncDisposableStack): ReadContext['scratchFolder'] {
    return async () => {
      const { path } = owned.use(await this.#folders.forCommand().scratch(source))
      await refuseTooLittle(path, bytes ?? 0)
      return path
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folders.endCommand()
  }
}

/** A drill must not fill a disk that others need. */
async function refuseTooLittle(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= bytes) return
  throw new InputError(`the point is ${formatBytes(bytes)} large, and ${folder} has room for ${formatBytes(free)}`, {
    hint: 'name a folder on a larger disk with --scratch FOLDER',
  })
}
