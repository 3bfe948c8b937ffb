import {
  FileExistsError,
  FileMissingError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend.ts'
import { Patience, type BackendCall, type RetryOptions } from './patience.ts'

/**
 * The same backend, with every operation repeated while its errors are marked `transient` (§21). All other errors, among
 * them missing files, wrong ranges, refused access, a full disk and aborts, are thrown at once. A list that starts again
 * reports no name twice. Disposing of it disposes of `backend`.
 */
export function withRetry(backend: Backend, options: RetryOptions = {}): Backend {
  return new RetryingBackend(backend, options)
}

/** As {@link withRetry}, for a backend whose opening may fail in passing too. */
export async function openWithRetry(open: () => Promise<Backend>, options: RetryOptions = {}): Promise<Backend> {
  const patience = new Patience({ operation: 'open' }, undefined, options)
  for (;;) {
    try {
      return withRetry(await open(), options)
    } catch (error) {
      await patience.waitAfter(error)
    }
  }
}

class RetryingBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly localPath?: (kind: FileKind, name: string) => string
  readonly freeBytes?: () => Promise<number>
  readonly sweepTemporary?: (olderThanMs: number, signal?: AbortSignal) => Promise<{ files: number; bytes: number }>
  readonly renewRetention?: (signal?: AbortSignal) => Promise<{ renewed: number }>
  readonly #backend: Backend
  readonly #options: RetryOptions

  constructor(backend: Backend, options: RetryOptions) {
    this.#backend = backend
    this.#options = options
    this.location = backend.location
    this.connections = backend.connections
    if (backend.localPath) this.localPath = backend.localPath.bind(backend)
    if (backend.freeBytes) this.freeBytes = backend.freeBytes.bind(backend)
    if (backend.sweepTemporary) this.sweepTemporary = backend.sweepTemporary.bind(backend)
    if (backend.renewRetention) this.renewRetention = backend.renewRetention.bind(backend)
  }

  create(signal?: AbortSignal): Promise<void> {
    return this.#persist({ operation: 'create' }, signal, () => this.#backend.create(signal))
  }

  read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const call = { operation: 'read', kind, fileName: name } as const
    return this.#persist(call, options.signal, () => this.#backend.read(kind, name, options))
  }

  write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const call = { operation: 'write', kind, fileName: name } as const
    return this.#persist(call, options.signal, async (attempt) => {
      try {
        await this.#backend.write(kind, name, content, options)
      } catch (error) {
        // The answer to an earlier attempt was lost, and that attempt had succeeded.
        if (attempt > 1 && error instanceof FileExistsError && (await this.#holds(kind, name, content, options))) return
        throw error
      }
    })
  }

  size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    const call = { operation: 'size', kind, fileName: name } as const
    return this.#persist(call, signal, () => this.#backend.size(kind, name, signal))
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    const reported = new Set<string>()
    const patience = new Patience({ operation: 'list', kind }, signal, this.#options)
    for (;;) {
      try {
        for await (const file of this.#backend.list(kind, signal)) {
          if (reported.has(file.name)) continue
          reported.add(file.name)
          patience.reset()
          yield file
        }
        return
      } catch (error) {
        await patience.waitAfter(error)
      }
    }
  }

  remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    const call = { operation: 'remove', kind, fileName: name } as const
    return this.#persist(call, signal, async (attempt) => {
      try {
        await this.#backend.remove(kind, name, signal)
      } catch (error) {
        // As with writes: gone is what an earlier attempt was to achieve.
        if (attempt > 1 && error instanceof FileMissingError) return
        throw error
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backend[Symbol.asyncDispose]()
  }

  async #holds(kind: FileKind, name: string, content: Uint8Array, { signal }: WriteOptions): Promise<boolean> {
    if ((await this.#backend.size(kind, name, signal)) !== content.length) return false
    return Buffer.compare(await this.#backend.read(kind, name, signal && { signal }), content) === 0
  }

  async #persist<T>(
    call: BackendCall,
    signal: AbortSignal | undefined,
    run: (attempt: number) => Promise<T>,
  ): Promise<T> {
    const patience = new Patience(call, signal, this.#options)
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(attempt)
      } catch (error) {
        await patience.waitAfter(error)
      }
    }
  }
}
