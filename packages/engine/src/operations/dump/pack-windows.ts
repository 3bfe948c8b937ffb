import { decompress } from '../../compression/zstd.ts'
import { sha256Id } from '../../crypto/hash.ts'
import { KnownError } from '../../errors.ts'
import type { Repository } from '../../repository/repository.ts'
import type { BlobId } from '../../ids.ts'
import type { BlobLocation } from '../../index/blob-index.ts'

/** Contents of files that follow each other mostly lie side by side in one of a few packs. */
const WINDOW_BYTES = 1024 * 1024
const KEPT_WINDOWS = 16
/** Larger blobs are read by themselves. */
const LARGEST_BYTES = 128 * 1024

interface Window extends Pick<BlobLocation, 'pack'> {
  readonly start: number
  readonly end: number
  readonly bytes: Promise<Uint8Array>
}

/** Reads data blobs, small ones together with what follows them in their pack; keeps 16 MiB of that. */
export class PackWindows {
  readonly #repository: Repository
  readonly #signal: AbortSignal | undefined
  #windows: Window[] = []

  constructor(repository: Repository, signal: AbortSignal | undefined) {
    this.#repository = repository
    this.#signal = signal
  }

  /** @throws {DamagedError} no copy can be read */
  async read(id: BlobId): Promise<Buffer> {
    const location = this.#repository.index.find('data', id)
    if (location === undefined || location.length > LARGEST_BYTES) return await this.#readAlone(id)
    try {
      const { start, bytes } = this.#windowFor(location)
      const unit = (await bytes).subarray(location.offset - start, location.offset - start + location.length)
      const stored = this.#repository.cipher.open(unit)
      const content = location.uncompressedLength === 0 ? stored : decompress(stored, location.uncompressedLength)
      if (sha256Id(content) === id) return content
    } catch (error) {
      this.#signal?.throwIfAborted()
      if (!(error instanceof KnownError)) throw error
    }
    // Alone, every copy is tried, and the error says best what is wrong.
    return await this.#readAlone(id)
  }

  #readAlone(id: BlobId): Promise<Buffer> {
    return this.#repository.readBlob('data', id, this.#signal)
  }

  #windowFor({ pack, offset, length }: BlobLocation): Window {
    const end = offset + length
    const hit = this.#windows.find((window) => window.pack === pack && window.start <= offset && window.end >= end)
    if (hit) return hit
    const { backend, index } = this.#repository
    const windowEnd = Math.max(end, Math.min(offset + WINDOW_BYTES, index.endOfBlobs(pack)))
    const signal = this.#signal ? { signal: this.#signal } : {}
    const bytes = backend.read('pack', pack, { offset, length: windowEnd - offset, ...signal })
    // Those who wait for it get the error; it may be dropped before anyone does.
    bytes.catch(() => undefined)
    const window = { pack, start: offset, end: windowEnd, bytes }
    this.#windows = [window, ...this.#windows.slice(0, KEPT_WINDOWS - 1)]
    return window
  }
}
