import { link, lstat, rename, unlink } from 'node:fs/promises'
import { hasCode } from './system-error.ts'

export type Link = (existing: string, fresh: string) => Promise<void>

/**
 * Gives finished temporary files their final names without ever replacing a file. A hard link does that in one step, also
 * against other programs. Where the file system has none (FAT, many network mounts) it looks first and then renames, one
 * file after the other; two programs that write the same name in the same instant then both succeed, which is
 * harmless because equal names have equal content.
 */
export class Publisher {
  readonly #link: Link
  #linksWork = true
  #lastRename: Promise<unknown> = Promise.resolve()

  constructor(hardLink: Link = link) {
    this.#link = hardLink
  }

  /** @returns false when `final` is taken; `temporary` is then left alone, else it is gone */
  async publish(temporary: string, final: string): Promise<boolean> {
    if (this.#linksWork) {
      try {
        await this.#link(temporary, final)
        await unlink(temporary)
        return true
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return this.#isOurs(temporary)
        if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
        this.#linksWork = false
      }
    }
    const turn = this.#lastRename.then(() => renameUnlessTaken(temporary, final))
    this.#lastRename = turn.catch(() => undefined)
    return turn
  }

  /** A network file system that lost the answer to a link asks again, and is told that the name is taken: by us. */
  async #isOurs(temporary: string): Promise<boolean> {
    if ((await lstat(temporary)).nlink < 2) return false
    await unlink(temporary)
    return true
  }
}

async function renameUnlessTaken(temporary: string, final: string): Promise<boolean> {
  if (await exists(final)) return false
  await rename(temporary, final)
  return true
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}
