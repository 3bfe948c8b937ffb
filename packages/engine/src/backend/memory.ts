import {
  checkFileName,
  FileExistsError,
  FileMissingError,
  RangeOutsideFileError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend.ts'

/** A repository that lives as long as this object: for tests, and for work on data that must not touch a disk. */
export class MemoryBackend implements Backend {
  readonly location: string = 'memory'
  readonly connections: number = 4
  readonly #files: Readonly<Record<FileKind, Map<string, Uint8Array>>> = {
    config: new Map(),
    key: new Map(),
    lock: new Map(),
    snapshot: new Map(),
    index: new Map(),
    pack: new Map(),
  }

  async create(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
  }

  async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted()
    const content = this.#find(kind, name)
    const offset = options.offset ?? 0
    const end = options.length === undefined ? Math.max(content.length, offset) : offset + options.length
    if (end > content.length) throw new RangeOutsideFileError(this.location, kind, name, end, content.length)
    return copyOf(content.subarray(offset, end))
  }

  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    checkFileName(kind, name)
    options.signal?.throwIfAborted()
    const files = this.#files[kind]
    if (files.has(name) && !options.replace) throw new FileExistsError(this.location, kind, name)
    files.set(name, copyOf(content))
  }

  async size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted()
    return this.#find(kind, name).length
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    for (const [name, content] of Array.from(this.#files[kind])) {
      signal?.throwIfAborted()
      yield { name, size: content.length }
    }
  }

  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    checkFileName(kind, name)
    if (!this.#files[kind].delete(name)) throw new FileMissingError(this.location, kind, name)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #find(kind: FileKind, name: string): Uint8Array {
    checkFileName(kind, name)
    const content = this.#files[kind].get(name)
    if (content === undefined) throw new FileMissingError(this.location, kind, name)
    return content
  }
}

function copyOf(content: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(content.length)
  copy.set(content)
  return copy
}
