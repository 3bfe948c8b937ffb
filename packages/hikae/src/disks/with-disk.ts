import { unlink } from 'node:fs/promises'
import {
  FileMissingError,
  KnownError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from '@hikae/engine'
import { DiskError } from './disk-error.ts'
import type { DiskWatch } from './watch.ts'

/**
 * The same backend of local files, as long as its disk is there: every operation throws `DISK_GONE` once it is not, be it
 * unmounted or replaced by another. Nothing is then written to the disk below the mount point, whatever lies there, and
 * nothing on it is taken for the repository's. Disposing of it disposes of `backend`.
 *
 * Belongs inside of `withRetry`, not around it: a disk that went away is no trouble that passes.
 */
export function withDisk(backend: Backend, watch: DiskWatch): Backend {
  return new DiskBackend(backend, watch)
}

class DiskBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly localPath?: (kind: FileKind, name: string) => string
  readonly freeBytes?: () => Promise<number>
  readonly sweepTemporary?: (olderThanMs: number, signal?: AbortSignal) => Promise<{ files: number; bytes: number }>
  readonly #backend: Backend
  readonly #watch: DiskWatch

  constructor(backend: Backend, watch: DiskWatch) {
    this.#backend = backend
    this.#watch = watch
    this.location = backend.location
    this.connections = backend.connections
    if (backend.localPath) this.localPath = backend.localPath.bind(backend)
    const freeBytes = backend.freeBytes?.bind(backend)
    const sweepTemporary = backend.sweepTemporary?.bind(backend)
    if (freeBytes) this.freeBytes = () => this.#whileThere(freeBytes)
    if (sweepTemporary) {
      this.sweepTemporary = (olderThanMs, signal) => this.#whileThere(() => sweepTemporary(olderThanMs, signal), signal)
    }
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#whileThere(() => this.#backend.create(signal), signal)
  }

  read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    return this.#explained(() => this.#backend.read(kind, name, options), options.signal)
  }

  /** Looks before the write, and where the file is after it: the disk may go away in between. */
  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await this.#watch.confirm()
    await this.#explained(() => this.#backend.write(kind, name, content, options), options.signal)
    const path = this.#backend.localPath?.(kind, name)
    if (path === undefined) return this.#watch.confirm()
    const place = await this.#watch.whereIs(path)
    if (place === 'on-disk') return
    // It replaced nothing, so it is ours to take away.
    if (place === 'elsewhere' && !options.replace) await unlink(path)
    throw this.#watch.gone()
  }

  size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    return this.#whileThere(() => this.#backend.size(kind, name, signal), signal)
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    await this.#watch.confirm()
    try {
      yield* this.#backend.list(kind, signal)
    } catch (error) {
      throw await this.#explanation(error, signal)
    }
    await this.#watch.confirm()
  }

  /** The lock of a disk that went away has gone with it: to fail at giving it back would hide what happened before. */
  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#whileThere(() => this.#backend.remove(kind, name, signal), signal)
    } catch (error) {
      if (kind === 'lock' && isDiskGone(error)) throw new FileMissingError(this.location, kind, name)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]()
  }

  /** What is not proven by its own content counts only when the disk was there before and after. */
  async #whileThere<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#watch.confirm()
    const result = await this.#explained(run, signal)
    await this.#watch.confirm()
    return result
  }

  async #explained<T>(run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw await this.#explanation(error, signal)
    }
  }

  /** A missing file, a file that exists, an input error: all of them may only mean that the disk has gone. */
  async #explanation(error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (signal?.aborted || !(error instanceof KnownError)) return error
    try {
      await this.#watch.confirm(error)
      return error
    } catch (gone) {
      return gone
    }
  }
}

function isDiskGone(error: unknown): boolean {
  return error instanceof DiskError && error.code === 'DISK_GONE'
}
