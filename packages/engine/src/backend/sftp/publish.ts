import { hasStatus } from './status.ts'
import type { SftpSession } from './session.ts'

/**
 * Gives finished temporary files their final names without ever replacing a file. OpenSSH's rename refuses a taken name in
 * one step. Other servers may replace the file: there a hard link does it where it can be had, and where not, it looks
 * first and then renames, one file after the other; two programs that write the same name in the same instant then both
 * succeed, which is harmless because equal names have equal content.
 */
export class SftpPublisher {
  #linksWork = true
  #lastRename: Promise<unknown> = Promise.resolve()

  /** @returns false when `final` is taken; `temporary` is then left alone, else it is gone */
  async publish(session: SftpSession, temporary: string, final: string): Promise<boolean> {
    if (isOpenSsh(session)) return renameOrRefuse(session, temporary, final)
    if (this.#linksWork && session.offers('hardlink@openssh.com')) {
      const published = await this.#link(session, temporary, final)
      if (published !== undefined) return published
      this.#linksWork = false
    }
    const turn = this.#lastRename.then(() => renameUnlessTaken(session, temporary, final))
    this.#lastRename = turn.catch(() => undefined)
    return turn
  }

  /** @returns undefined when links do not work there */
  async #link(session: SftpSession, temporary: string, final: string): Promise<boolean | undefined> {
    try {
      await session.link(temporary, final)
    } catch (error) {
      if (!hasStatus(error, 'failure', 'unsupported', 'permissionDenied', 'badMessage')) throw error
      return (await exists(session, final)) ? false : undefined
    }
    await session.remove(temporary)
    return true
  }
}

/** Replaces `final`, in one step where the server can. */
export async function publishInPlace(session: SftpSession, temporary: string, final: string): Promise<void> {
  if (session.offers('posix-rename@openssh.com')) return session.replace(temporary, final)
  try {
    await session.remove(final)
  } catch (error) {
    if (!hasStatus(error, 'noSuchFile')) throw error
  }
  await session.rename(temporary, final)
}

/** Since its version 8.0 OpenSSH offers this, and nobody else does. */
function isOpenSsh(session: SftpSession): boolean {
  return session.offers('lsetstat@openssh.com')
}

async function renameOrRefuse(session: SftpSession, temporary: string, final: string): Promise<boolean> {
  try {
    await session.rename(temporary, final)
    return true
  } catch (error) {
    if (hasStatus(error, 'failure') && (await exists(session, final))) return false
    throw error
  }
}

async function renameUnlessTaken(session: SftpSession, temporary: string, final: string): Promise<boolean> {
  if (await exists(session, final)) return false
  await session.rename(temporary, final)
  return true
}

async function exists(session: SftpSession, path: string): Promise<boolean> {
  try {
    await session.lstat(path)
    return true
  } catch (error) {
    if (hasStatus(error, 'noSuchFile')) return false
    throw error
  }
}
