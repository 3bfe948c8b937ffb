import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { type BytePath, childPath, systemPath } from './byte-path.ts'
import { lookAt, move, syncFolder } from './move.ts'
import { besideName, keptFolderName, keptName, stampOf } from './names.ts'
import { swap } from './swap.ts'

/**
 * Something new that is built beside what it replaces: in a folder of 0700 in the same folder, and so on the same file
 * system. Disposing of it removes what has not been swapped in.
 */
export class Replacement implements AsyncDisposable {
  /** What holds all that is replaced. */
  readonly folder: BytePath
  readonly #stamp: string
  readonly #random = randomBytes(4).toString('hex')
  #isReady = false

  private constructor(folder: BytePath, stamp: string) {
    this.folder = folder
    this.#stamp = stamp
  }

  /** @param time of the restore: what is replaced is kept under it, or the next under which nothing is kept */
  static async open(folder: BytePath, time: Date): Promise<Replacement> {
    let at = time
    while (await lookAt(childPath(folder, keptFolderName(stampOf(at))))) at = new Date(at.getTime() + 1000)
    const replacement = new Replacement(folder, stampOf(at))
    await mkdir(systemPath(replacement.path), { mode: 0o700 })
    return replacement
  }

  /** Where the new is built, under the names that it will have. */
  get path(): BytePath {
    return this.#path(this.#isReady ? 'ready' : 'new')
  }

  /** Says that all in it is whole: a swap that is interrupted from now on is finished by `settleSwaps`. */
  async ready(): Promise<void> {
    if (this.#isReady) return
    await rename(systemPath(this.#path('new')), systemPath(this.#path('ready')))
    this.#isReady = true
    await syncFolder(this.folder)
  }

  /**
   * Puts one entry in its place.
   *
   * @returns where that is kept which was there, if anything
   */
  async swapIn(name: string): Promise<BytePath | undefined> {
    await this.ready()
    const kept = await swap(
      childPath(this.path, name),
      childPath(this.folder, name),
      childPath(this.folder, keptName(name, this.#stamp)),
    )
    await syncFolder(this.folder)
    return kept
  }

  /**
   * Puts all entries in their places, and keeps all that was there in a folder among them: for the content of a mount
   * point, which cannot be renamed. Interrupted, it is finished by `settleSwaps`.
   *
   * @param names of the new @param others what is there besides, and has no successor
   * @returns the folder in which the old is kept, or undefined when nothing was there
   */
  async swapContent(names: readonly string[], others: readonly string[]): Promise<BytePath | undefined> {
    const folder = childPath(this.folder, keptFolderName(this.#stamp))
    await mkdir(systemPath(folder), { mode: 0o700 })
    const swapped: string[] = []
    try {
      await this.ready()
      // What has an old one first: while nothing is kept, nothing was replaced.
      for (const name of await oldFirst(this.folder, names)) {
        await swap(childPath(this.path, name), childPath(this.folder, name), childPath(folder, name))
        swapped.push(name)
      }
      for (const name of others) {
        await rename(systemPath(childPath(this.folder, name)), systemPath(childPath(folder, name)))
      }
    } catch (error) {
      await this.#undo(swapped, others, folder)
      throw error
    }
    const isKept = (await readdir(systemPath(folder))).length > 0
    if (!isKept) await rmdir(systemPath(folder))
    await syncFolder(this.folder)
    return isKept ? folder : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const state of ['new', 'ready'] as const) {
      if (await lookAt(this.#path(state))) await removeTree(this.#path(state))
    }
  }

  async #undo(swapped: readonly string[], others: readonly string[], kept: BytePath): Promise<void> {
    for (const name of swapped) await move(childPath(this.folder, name), childPath(this.path, name))
    for (const name of [...swapped, ...others]) {
      if (await lookAt(childPath(kept, name))) await move(childPath(kept, name), childPath(this.folder, name))
    }
    await rmdir(systemPath(kept))
  }

  #path(state: 'new' | 'ready'): BytePath {
    return childPath(this.folder, besideName({ state, stamp: this.#stamp, pid: process.pid }, this.#random))
  }
}

async function oldFirst(folder: BytePath, names: readonly string[]): Promise<readonly string[]> {
  const there = new Set<string>()
  for (const name of names) if (await lookAt(childPath(folder, name))) there.add(name)
  return [...there, ...names.filter((name) => !there.has(name))]
}

async function removeTree(path: BytePath): Promise<void> {
  await rm(systemPath(path), { recursive: true, force: true, maxRetries: 3 })
}
