import { sha256Id } from '../crypto/hash.ts'
import { KnownError } from '../errors.ts'
import {
  checkFileName,
  FileMissingError,
  RangeOutsideFileError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend.ts'
import { CacheError } from './cache/cache-error.ts'
import { CacheFolder, type CachedKind } from './cache/cache-folder.ts'
import { PackRoom } from './cache/pack-room.ts'
import { SharedWork } from './cache/shared-work.ts'
import { isSystemError } from './local/system-error.ts'

export interface CacheOptions {
  /** The folder of all caches. restic finds what is kept there, and the other way round. */
  readonly folder: string
  /** As in the repository's config. */
  readonly repositoryId: string
  /** Of this repository's cache: when it is full, the packs used longest ago make room; 10 GiB by default. */
  readonly maxBytes?: number
  /** Told once, of the first trouble. */
  readonly onTrouble?: (error: CacheError) => void
}

const DEFAULT_MAX_BYTES = 10 * 1024 ** 3
/** A larger pack is neither kept nor fetched whole; nor is one that would fill the cache alone. */
const LARGEST_PACK_BYTES = 128 * 1024 ** 2

/**
 * The same backend, with index files, snapshots and packs of trees kept on this machine (§22). A pack of trees is fetched
 * whole when it is first read. Files are named after their content: what is kept is compared with its name when it is read
 * (packs: when they are first read here), and fetched again when it is damaged. Sizes and lists always come from
 * `backend`; a file that they no longer show is no longer kept. Whatever goes wrong with the folder, everything works
 * without it.
 *
 * Not for work that must see what is really stored, such as checks and repairs. Disposing of it disposes of `backend`.
 */
export function withCache(backend: Backend, options: CacheOptions): Backend {
  return new CachingBackend(backend, options)
}

class CachingBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly freeBytes?: () => Promise<number>
  readonly sweepTemporary?: (olderThanMs: number, signal?: AbortSignal) => Promise<{ files: number; bytes: number }>
  readonly renewRetention?: (signal?: AbortSignal) => Promise<{ renewed: number }>
  readonly #backend: Backend
  readonly #folder: CacheFolder
  readonly #room: PackRoom
  readonly #largestPackBytes: number
  readonly #onTrouble: CacheOptions['onTrouble']
  readonly #loading = new SharedWork<Uint8Array | undefined>()
  readonly #obtaining = new SharedWork<Uint8Array | undefined>()
  /** Packs that are kept and have the content that their name promises, with their sizes. */
  readonly #verified = new Map<string, number>()
  /** Packs that are better read in parts: too large, damaged where they are stored, or kept damaged for good. */
  readonly #bypassed = new Set<string>()
  #prepared: Promise<boolean> | undefined
  #hasTold = false
  #keeps: 'everything' | 'no packs' | 'nothing' = 'everything'

  constructor(backend: Backend, { folder, repositoryId, maxBytes = DEFAULT_MAX_BYTES, onTrouble }: CacheOptions) {
    this.#backend = backend
    this.#folder = new CacheFolder(folder, repositoryId)
    this.#room = new PackRoom(this.#folder, maxBytes, (pack) => this.#verified.has(pack))
    this.#largestPackBytes = Math.min(LARGEST_PACK_BYTES, maxBytes)
    this.#onTrouble = onTrouble
    this.location = backend.location
    this.connections = backend.connections
    if (backend.freeBytes) this.freeBytes = backend.freeBytes.bind(backend)
    if (backend.sweepTemporary) this.sweepTemporary = backend.sweepTemporary.bind(backend)
    if (backend.renewRetention) this.renewRetention = backend.renewRetention.bind(backend)
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#backend.create(signal)
  }

  async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    checkFileName(kind, name)
    options.signal?.throwIfAborted()
    const kept = isCached(kind) ? await this.#readKept(kind, name, options) : undefined
    return kept ?? (await this.#backend.read(kind, name, options))
  }

  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    await this.#backend.write(kind, name, content, options)
    if (!isCached(kind)) return
    if (kind === 'pack' && (!options.holdsTrees || content.length > this.#largestPackBytes)) return
    if (!(await this.#isUsable())) return
    if (kind === 'pack') {
      this.#verified.delete(name)
      this.#bypassed.delete(name)
    }
    await this.#keep(kind, name, content)
  }

  async size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    return await this.#unlessMissing(kind, name, () => this.#backend.size(kind, name, signal))
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    // Only what was kept before the list began can be out of date at its end.
    const outdated = new Set(isCached(kind) ? await this.#keptNames(kind) : [])
    for await (const file of this.#backend.list(kind, signal)) {
      outdated.delete(file.name)
      yield file
    }
    for (const name of outdated) await this.#drop(kind, name)
  }

  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    await this.#unlessMissing(kind, name, () => this.#backend.remove(kind, name, signal))
    await this.#drop(kind, name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loading.ended()
    await this.#obtaining.ended()
    await this.#backend[Symbol.asyncDispose]()
  }

  /** @returns undefined when the backend has to be asked for just the range */
  async #readKept(kind: CachedKind, name: string, options: ReadOptions): Promise<Uint8Array | undefined> {
    if (!(await this.#isUsable()) || (kind === 'pack' && this.#bypassed.has(name))) return undefined
    const size = kind === 'pack' ? this.#verified.get(name) : undefined
    if (size !== undefined) {
      const { offset = 0, length = Math.max(size - offset, 0) } = options
      const part = await this.#attempt(() => this.#folder.read(kind, name, { offset, length }))
      if (part) return part
      this.#verified.delete(name)
    }
    const whole = await this.#whole(kind, name, options)
    return whole && this.#cut(whole, kind, name, options)
  }

  async #whole(kind: CachedKind, name: string, { holdsTrees, signal }: ReadOptions): Promise<Uint8Array | undefined> {
    const key = `${kind} ${name}`
    const isWanted = kind === 'pack' ? holdsTrees && this.#keeps === 'everything' : this.#keeps !== 'nothing'
    if (!isWanted) return await this.#loading.run(key, () => this.#load(kind, name), signal)
    return await this.#obtaining.run(
      key,
      async (stop) => (await this.#load(kind, name)) ?? (await this.#fetch(kind, name, stop)),
      signal,
    )
  }

  /** What is kept under that name, if it is what its name says. */
  async #load(kind: CachedKind, name: string): Promise<Uint8Array | undefined> {
    const largest = kind === 'pack' ? this.#largestPackBytes : Infinity
    const content = await this.#attempt(() => this.#folder.read(kind, name, {}, largest))
    if (content === undefined) return undefined
    if (sha256Id(content) !== name) {
      const isGone = await this.#drop(kind, name)
      if (!isGone && kind === 'pack') this.#bypassed.add(name)
      return undefined
    }
    if (kind === 'pack') {
      this.#verified.set(name, content.length)
      await this.#folder.markUsed(kind, name)
    }
    return content
  }

  /** @returns undefined when it is damaged, or came over damaged: whoever wants it reads it anew, past the cache */
  async #fetch(kind: CachedKind, name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const content =
      kind === 'pack' ? await this.#fetchPack(name, signal) : await this.#backend.read(kind, name, { signal })
    if (content === undefined) return undefined
    if (sha256Id(content) !== name) {
      if (kind === 'pack') this.#bypassed.add(name)
      return undefined
    }
    if ((await this.#keep(kind, name, content)) && kind === 'pack') this.#verified.set(name, content.length)
    return content
  }

  /** @returns undefined when the whole pack cannot be had, though a part of it may */
  async #fetchPack(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const stop = new AbortController()
    const either = AbortSignal.any([signal, stop.signal])
    // At the same time: packs that are too large are so rare that nobody should wait for it.
    const size = this.#backend.size('pack', name, either).then((bytes) => {
      if (bytes > this.#largestPackBytes) throw new TooLargeError()
    })
    const content = this.#backend.read('pack', name, { signal: either, holdsTrees: true })
    try {
      await Promise.all([size, content])
      return await content
    } catch (error) {
      stop.abort(error)
      await Promise.allSettled([size, content])
      signal.throwIfAborted()
      if (!(error instanceof TooLargeError || isRefusal(error))) throw error
      this.#bypassed.add(name)
      return undefined
    }
  }

  async #keep(kind: CachedKind, name: string, content: Uint8Array): Promise<boolean> {
    if (this.#keeps === 'nothing' || (kind === 'pack' && this.#keeps === 'no packs')) return false
    try {
      if (kind === 'pack' && !(await this.#room.take(name, content.length))) {
        this.#keeps = 'no packs' // all that are kept are in use
        return false
      }
      await this.#folder.write(kind, name, content)
      return true
    } catch (error) {
      this.#keeps = 'nothing'
      this.#tell(error)
      return false
    }
  }

  /** @returns whether nothing is kept under that name now */
  async #drop(kind: FileKind, name: string): Promise<boolean> {
    if (!isCached(kind) || !(await this.#isUsable())) return true
    if (kind === 'pack') {
      this.#verified.delete(name)
      this.#bypassed.delete(name)
      this.#room.dropped(name)
    }
    const isGone = await this.#attempt(async () => {
      await this.#folder.remove(kind, name)
      return true
    })
    return isGone ?? false
  }

  async #unlessMissing<Result>(kind: FileKind, name: string, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run()
    } catch (error) {
      if (error instanceof FileMissingError) await this.#drop(kind, name)
      throw error
    }
  }

  async #keptNames(kind: CachedKind): Promise<readonly string[]> {
    if (!(await this.#isUsable())) return []
    return (await this.#attempt(() => this.#folder.names(kind))) ?? []
  }

  async #isUsable(): Promise<boolean> {
    this.#prepared ??= this.#attempt(async () => {
      await this.#folder.prepare()
      return true
    }).then((isPrepared) => isPrepared ?? false)
    return await this.#prepared
  }

  /** @returns undefined when the folder does not let it be done */
  async #attempt<Result>(run: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await run()
    } catch (error) {
      this.#tell(error)
      return undefined
    }
  }

  /** Bugs are thrown on. */
  #tell(error: unknown): void {
    if (!(error instanceof CacheError) && !isSystemError(error)) throw error
    if (this.#hasTold) return
    this.#hasTold = true
    this.#onTrouble?.(error instanceof CacheError ? error : new CacheError(this.#folder.base, error.message, error))
  }

  /** Memory of the caller's own: others may be waiting for the same file. */
  #cut(whole: Uint8Array, kind: FileKind, name: string, { offset = 0, length }: ReadOptions): Uint8Array {
    const end = length === undefined ? Math.max(whole.length, offset) : offset + length
    if (end > whole.length) throw new RangeOutsideFileError(this.location, kind, name, end, whole.length)
    const part = Buffer.allocUnsafeSlow(end - offset)
    part.set(whole.subarray(offset, end))
    return part
  }
}

class TooLargeError extends Error {}

/** The storage will not give the whole pack later either. */
function isRefusal(error: unknown): boolean {
  return error instanceof KnownError && !error.transient && !(error instanceof FileMissingError)
}

function isCached(kind: FileKind): kind is CachedKind {
  return kind === 'snapshot' || kind === 'index' || kind === 'pack'
}
