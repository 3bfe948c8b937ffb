import { mkdir, rename, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  BackendError,
  checkFileName,
  describeFile,
  FileExistsError,
  FileMissingError,
  RangeOutsideFileError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend.ts'
import { syncFolder, syncNewFolders } from './local/durability.ts'
import { fileAt, folderOf, foldersOf, PACK_FOLDERS } from './layout.ts'
import { listFolder } from './local/listing.ts'
import { chmodIfPossible, modesOf, WITH_GROUP, type LocalModes } from './local/modes.ts'
import { Publisher } from './local/publish.ts'
import { readRange } from './local/read-range.ts'
import { explainSystemError, hasCode, isSystemError } from './local/system-error.ts'
import { sweepTemporaryFiles } from './local/sweep.ts'
import { createTemporaryFile, discard, fillTemporaryFile, writeAll, writePieces } from './local/temporary-file.ts'

/** Pack folders that are listed at the same time. */
const FOLDERS_AT_ONCE = 4

export interface LocalBackendOptions {
  /** Operations worth running at the same time; 4 by default, as many as Node has threads for files. */
  readonly connections?: number
  /** Members of the group may read what is written; by default as its `config` says. */
  readonly groupAccess?: boolean
}

/**
 * A repository in a folder. The folder need not exist yet: `create` makes it, reading says that a file is missing.
 *
 * @throws {BackendError} the path cannot be looked at
 */
export async function openLocalBackend(path: string, options: LocalBackendOptions = {}): Promise<LocalBackend> {
  const root = resolve(path)
  try {
    return new LocalBackend(root, options.groupAccess ? WITH_GROUP : await modesOf(root), options.connections ?? 4)
  } catch (error) {
    throw isSystemError(error) ? explainSystemError(error, 'open the repository', root) : error
  }
}

/**
 * Files of a repository in a local or mounted folder, laid out as §2 says. What a write or a removal of anything but
 * packs and locks has done is on the disk when it returns, file and name.
 */
export class LocalBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly #modes: LocalModes
  readonly #publisher: Publisher

  constructor(root: string, modes: LocalModes, connections: number, publisher = new Publisher()) {
    this.location = root
    this.connections = connections
    this.#modes = modes
    this.#publisher = publisher
  }

  async create(signal?: AbortSignal): Promise<void> {
    await this.#explained('create the repository', async () => {
      signal?.throwIfAborted()
      const topmost = await mkdir(this.location, { recursive: true, mode: this.#modes.folder })
      for (const folder of foldersOf(this.location)) {
        signal?.throwIfAborted()
        await this.#makeFolder(folder)
      }
      await syncFolder(folderOf(this.location, 'pack'))
      await syncFolder(this.location)
      if (topmost !== undefined) await syncNewFolders(this.location, topmost)
    })
  }

  async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const path = this.localPath(kind, name)
    return this.#ofFile('read', kind, name, () =>
      readRange(
        path,
        options,
        (wantedEnd, size) => new RangeOutsideFileError(this.location, kind, name, wantedEnd, size),
      ),
    )
  }

  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await this.#store(kind, name, (file) => writeAll(file, content, options.signal), options)
  }

  /**
   * As {@link LocalBackend.write}, with content that is never held whole. When `content` throws, nothing is stored; it must
   * not throw errors of the operating system, which would be taken for those of the disk.
   */
  async writeStream(
    kind: FileKind,
    name: string,
    content: AsyncIterable<Uint8Array>,
    options: WriteOptions = {},
  ): Promise<void> {
    await this.#store(kind, name, (file) => writePieces(file, content, options.signal), options)
  }

  async size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    const path = this.localPath(kind, name)
    return this.#ofFile('look at', kind, name, async () => {
      signal?.throwIfAborted()
      return (await stat(path)).size
    })
  }

  /** An absent folder is an empty one as long as the repository itself is there, and an error when it has gone. */
  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    signal?.throwIfAborted()
    if (kind === 'pack') yield* this.#listPacks(signal)
    else yield* await this.#listFolder(folderOf(this.location, kind), kind, '', signal)
  }

  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    const path = this.localPath(kind, name)
    await this.#ofFile('remove', kind, name, async () => {
      signal?.throwIfAborted()
      await removeFile(path)
      // Packs go only after the index that names them has gone for good; nothing follows from a removed pack or lock.
      if (kind !== 'pack' && kind !== 'lock') await syncFolder(dirname(path))
    })
  }

  localPath(kind: FileKind, name: string): string {
    checkFileName(kind, name)
    return fileAt(this.location, kind, name)
  }

  async freeBytes(): Promise<number> {
    return this.#explained('look at the free space', async () => {
      const { bavail, bsize } = await statfs(this.location)
      return bavail * bsize
    })
  }

  async sweepTemporary(olderThanMs: number, signal?: AbortSignal): Promise<{ files: number; bytes: number }> {
    return this.#explained('remove left-over files', () =>
      sweepTemporaryFiles(this.location, Date.now() - olderThanMs, signal),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #store(
    kind: FileKind,
    name: string,
    fill: (file: FileHandle) => Promise<void>,
    options: WriteOptions,
  ): Promise<void> {
    const final = this.localPath(kind, name)
    await this.#explained(`write ${describeFile(kind, name)}`, async () => {
      options.signal?.throwIfAborted()
      const temporary = await this.#inFolderOf(final, () => createTemporaryFile(final, this.#modes.writing))
      await fillTemporaryFile(temporary, fill, options.signal)
      const stored = await this.#makeVisible(temporary.path, final, options.replace ?? false)
      // Also when another writer was first: whoever is told that the file exists may rely on it.
      await syncFolder(dirname(final))
      if (!stored) throw new FileExistsError(this.location, kind, name)
    })
  }

  async #makeVisible(temporary: string, final: string, replace: boolean): Promise<boolean> {
    try {
      if (replace) await rename(temporary, final)
      else if (!(await this.#publisher.publish(temporary, final))) {
        await discard(temporary)
        return false
      }
    } catch (error) {
      await discard(temporary)
      throw error
    }
    await chmodIfPossible(final, this.#modes.finished)
    return true
  }

  async *#listPacks(signal: AbortSignal | undefined): AsyncGenerator<StoredFile> {
    const data = folderOf(this.location, 'pack')
    for (let start = 0; start < PACK_FOLDERS.length; start += FOLDERS_AT_ONCE) {
      const folders = PACK_FOLDERS.slice(start, start + FOLDERS_AT_ONCE)
      const listed = await Promise.all(
        folders.map((prefix) => this.#listFolder(`${data}/${prefix}`, 'pack', prefix, signal)),
      )
      for (const files of listed) yield* files
    }
  }

  async #listFolder(folder: string, kind: FileKind, prefix: string, signal: AbortSignal | undefined) {
    return this.#explained(`list the ${kind} files`, async () => {
      const files = await listFolder(folder, { prefix, signal })
      if (files === undefined) await this.#requireRepository()
      return files ?? []
    })
  }

  /** Runs `write` and, when the folder of `path` is missing, makes the folder and runs it once more. */
  async #inFolderOf<T>(path: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
    }
    await this.#requireRepository()
    const folder = dirname(path)
    const parent = dirname(folder)
    if (parent !== this.location) await this.#makeFolder(parent)
    await this.#makeFolder(folder)
    await syncNewFolders(folder, parent === this.location ? folder : parent)
    return write()
  }

  async #makeFolder(path: string): Promise<void> {
    try {
      await mkdir(path, { mode: this.#modes.folder })
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
  }

  /**
   * A disk that was unmounted leaves an empty folder behind. Without this look at `config` its repository would seem to
   * have no snapshots, and new packs would fill the disk below the mount point.
   */
  async #requireRepository(): Promise<void> {
    try {
      await stat(fileAt(this.location, 'config', ''))
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      throw new BackendError(`there is no repository in ${this.location}`, {
        hint: 'check the path, and that the disk is connected and mounted',
        cause: error,
      })
    }
  }

  async #ofFile<T>(verb: string, kind: FileKind, name: string, run: () => Promise<T>): Promise<T> {
    return this.#explained(`${verb} ${describeFile(kind, name)}`, async () => {
      try {
        return await run()
      } catch (error) {
        if (hasCode(error, 'ENOENT')) throw new FileMissingError(this.location, kind, name)
        throw error
      }
    })
  }

  async #explained<T>(doing: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw isSystemError(error) ? explainSystemError(error, doing, this.location) : error
    }
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'EACCES')) throw error
    await removeReadOnlyFile(path)
  }
}

/** Windows servers refuse to remove files that are marked read-only, and ours are. */
async function removeReadOnlyFile(path: string): Promise<void> {
  const { mode } = await stat(path)
  await chmodIfPossible(path, 0o600)
  try {
    await unlink(path)
  } catch (error) {
    await chmodIfPossible(path, mode & 0o7777)
    throw error
  }
}
