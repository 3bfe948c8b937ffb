import { access, constants, lstat, open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { fileAt, type FileKind, FileMissingError, folderOf, type LocalBackend, openLocalBackend } from '@hikae/engine'
import { errorMessage, InputError, systemCode } from '../errors.ts'
import type { ListedKind } from './file-types.ts'
import { RefusedRequest } from './refused-request.ts'

export interface StorageOptions {
  /** Members of the group may read what is written. */
  readonly groupAccess: boolean
}

/** Repositories below one folder of this machine. Links are never followed, wherever they lead. */
export class Storage {
  /** Without links. */
  readonly root: string
  readonly #options: StorageOptions

  private constructor(root: string, options: StorageOptions) {
    this.root = root
    this.#options = options
  }

  /** @throws {InputError} `path` is not a folder that we may write to */
  static async open(path: string, options: StorageOptions): Promise<Storage> {
    try {
      const root = await realpath(path)
      if (!(await stat(root)).isDirectory()) throw new InputError(`${path} is not a folder`)
      await access(root, constants.R_OK | constants.W_OK | constants.X_OK)
      return new Storage(root, options)
    } catch (error) {
      if (error instanceof InputError) throw error
      throw new InputError(`cannot use the folder ${path}: ${errorMessage(error)}`, {
        hint: `check that its disk is mounted; a new one is made with: mkdir -m 700 -p ${path}`,
        cause: error,
      })
    }
  }

  /** The repository in these folders, for everything but the way to a file. It need not exist. */
  async repository(folders: readonly string[]): Promise<LocalBackend> {
    const path = this.#path(folders)
    await this.#refuseLinks(path)
    return this.#open(path)
  }

  /** The same, when one kind of its files is going to be listed. */
  async repositoryToList(folders: readonly string[], kind: ListedKind): Promise<LocalBackend> {
    const path = this.#path(folders)
    await this.#refuseLinks(folderOf(path, kind))
    return this.#open(path)
  }

  /** The same, when this file is going to be written or removed. */
  async repositoryToChange(folders: readonly string[], kind: FileKind, name: string): Promise<LocalBackend> {
    const path = this.#path(folders)
    await this.#refuseLinks(dirname(fileAt(path, kind, name)))
    return this.#open(path)
  }

  /**
   * Opens a stored file for reading.
   *
   * @throws {FileMissingError}
   */
  async openFile(
    folders: readonly string[],
    kind: FileKind,
    name: string,
  ): Promise<{ file: FileHandle; size: number }> {
    const path = fileAt(this.#path(folders), kind, name)
    await this.#refuseLinks(dirname(path))
    const missing = new FileMissingError(folders.join('/'), kind, name)
    let file: FileHandle
    try {
      file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch (error) {
      throw ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '') ? missing : error
    }
    const found = await file.stat()
    if (found.isFile()) return { file, size: found.size }
    await file.close()
    throw missing
  }

  #path(folders: readonly string[]): string {
    return join(this.root, ...folders)
  }

  #open(path: string): Promise<LocalBackend> {
    return openLocalBackend(path, this.#options)
  }

  /** @throws {RefusedRequest} a folder on the way to `path` is a link */
  async #refuseLinks(path: string): Promise<void> {
    let folder = this.root
    for (const name of path.slice(this.root.length).split(sep)) {
      if (name === '') continue
      folder = join(folder, name)
      try {
        if (!(await lstat(folder)).isSymbolicLink()) continue
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return
        throw error
      }
      throw new RefusedRequest(403, 'this place of the server is a link, which is not followed')
    }
  }
}

/** For messages and metrics: `alice/laptop`. */
export function repositoryName(folders: readonly string[]): string {
  return folders.join('/')
}
