import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mapConcurrently } from '../../concurrency.ts'
import { isId } from '../../ids.ts'
import type { FileKind } from '../backend.ts'
import { folderOf } from '../layout.ts'
import { readRange } from '../local/read-range.ts'
import { namesIfThere } from '../local/names-if-there.ts'
import { hasCode, isSystemError } from '../local/system-error.ts'
import { discard } from '../local/temporary-file.ts'
import { CacheError } from './cache-error.ts'

/** What is kept: of packs, those that hold trees. */
export type CachedKind = Extract<FileKind, 'snapshot' | 'index' | 'pack'>

export interface CachedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Epoch milliseconds. */
  readonly usedAtMs: number
}

/** Of the layout in §22. */
const VERSION = '1'
const TEMPORARY = 'tmp-'
/** What killed programs left half written is not being written any more after so long. */
const TEMPORARY_FILE_AGE_MS = 24 * 60 * 60 * 1000
const FOLDERS_AT_ONCE = 16

const TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This file marks a folder of caches, which backups may leave out: https://bford.info/cachedir/
`

/**
 * The files of one repository that are kept on this machine, in a folder that restic uses the same way (§22): encrypted,
 * as they are in the repository. What the system refuses is thrown as it is. Any number of programs may use it at the same
 * time: a file is there whole or not at all.
 */
export class CacheFolder {
  readonly base: string
  readonly #root: string

  /** @param repositoryId as in the config */
  constructor(base: string, repositoryId: string) {
    this.base = base
    this.#root = join(base, repositoryId)
  }

  /**
   * Makes the folder where it is missing, and marks it as used now.
   *
   * @throws {CacheError} a later version made it, with another layout
   */
  async prepare(): Promise<void> {
    await mkdir(this.base, { recursive: true, mode: 0o700 })
    await makeFolder(this.#root)
    await writeOnce(join(this.base, 'CACHEDIR.TAG'), TAG)
    await this.#requireVersion()
    await touch(this.#root)
  }

  /**
   * @param range all of the file by default
   * @param largestBytes longer files are left alone
   * @returns undefined when there is no such file, or it ends before the range does
   */
  async read(
    kind: CachedKind,
    name: string,
    range: { offset?: number; length?: number } = {},
    largestBytes = Infinity,
  ): Promise<Buffer | undefined> {
    const path = this.#pathOf(kind, name)
    try {
      if (largestBytes < Infinity && (await stat(path)).size > largestBytes) return undefined
      return await readRange(path, range, () => new TooShortError())
    } catch (error) {
      if (hasCode(error, 'ENOENT') || error instanceof TooShortError) return undefined
      throw error
    }
  }

  async write(kind: CachedKind, name: string, content: Uint8Array): Promise<void> {
    const final = this.#pathOf(kind, name)
    try {
      await writeWhole(final, content)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      for (const folder of [this.#root, folderOf(this.#root, kind), dirname(final)]) await makeFolder(folder)
      await writeWhole(final, content)
    }
  }

  /** Harmless when it is not there. */
  async remove(kind: CachedKind, name: string): Promise<void> {
    await unlinkIfThere(this.#pathOf(kind, name))
  }

  /** Remembers that the file was needed now; a folder that cannot be written to remembers nothing. */
  async markUsed(kind: CachedKind, name: string): Promise<void> {
    await touch(this.#pathOf(kind, name))
  }

  async names(kind: CachedKind): Promise<string[]> {
    const found = await this.#inFolders(kind, async (_folder, names) => names.filter(isId))
    return found.flat()
  }

  /** All files of a kind. Removes, on the way, what killed programs left half written. */
  async survey(kind: CachedKind, nowMs: number): Promise<CachedFile[]> {
    const found = await this.#inFolders(kind, async (folder, names) => {
      const files: CachedFile[] = []
      for (const name of names) {
        const path = join(folder, name)
        if (name.startsWith(TEMPORARY)) await unlinkIfOlder(path, nowMs - TEMPORARY_FILE_AGE_MS)
        if (!isId(name)) continue
        const facts = await statIfThere(path)
        if (facts) files.push({ name, size: facts.size, usedAtMs: facts.mtimeMs })
      }
      return files
    })
    return found.flat()
  }

  #pathOf(kind: CachedKind, name: string): string {
    return join(folderOf(this.#root, kind), name.slice(0, 2), name)
  }

  async #inFolders<Result>(
    kind: CachedKind,
    work: (folder: string, names: readonly string[]) => Promise<Result>,
  ): Promise<Result[]> {
    const root = folderOf(this.#root, kind)
    const folders = (await namesIfThere(root)).filter((name) => /^[0-9a-f]{2}$/.test(name))
    return await mapConcurrently(folders, FOLDERS_AT_ONCE, async (name) => {
      const folder = join(root, name)
      return await work(folder, await namesIfThere(folder))
    })
  }

  async #requireVersion(): Promise<void> {
    const path = join(this.#root, 'version')
    try {
      const version = await readFile(path, 'utf8')
      if (version !== VERSION) throw new CacheError(this.#root, `its version is ${JSON.stringify(version)}, not 1`)
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      await writeWhole(path, VERSION)
    }
  }
}

class TooShortError extends Error {}

/** Not made durable: what a loss of power leaves is found damaged, and fetched again. */
async function writeWhole(final: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(final), TEMPORARY + randomBytes(8).toString('hex'))
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600 })
    await rename(temporary, final)
  } catch (error) {
    await discard(temporary)
    throw error
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

async function writeOnce(path: string, content: string): Promise<void> {
  if ((await statIfThere(path)) === undefined) await writeWhole(path, content)
}

async function statIfThere(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function unlinkIfOlder(path: string, thanMs: number): Promise<void> {
  const facts = await statIfThere(path)
  if (facts && facts.mtimeMs < thanMs) await unlinkIfThere(path)
}

async function touch(path: string): Promise<void> {
  const now = new Date()
  try {
    await utimes(path, now, now)
  } catch (error) {
    // It only tells what was used last: a read-only folder, or somebody else's, can still be read.
    if (!isSystemError(error)) throw error
  }
}
