import { type Backend, BackendError } from '../backend/backend.ts'
import { decompress } from '../compression/zstd.ts'
import { type Cipher, MacMismatchError } from '../crypto/cipher.ts'
import { sha256Id } from '../crypto/hash.ts'
import { DamagedError } from '../errors.ts'
import { type BlobId, type PackId, shortId } from '../ids.ts'
import type { BlobIndex, BlobLocation } from '../index/blob-index.ts'
import type { BlobType } from '../pack/blob.ts'
import { isDamage } from './damage.ts'

/** Trees that are read one after the other mostly lie side by side: they are fetched in windows. */
const WINDOW_BYTES = 512 * 1024
const KEPT_WINDOWS = 16

interface Window {
  readonly pack: PackId
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Reads single blobs; tree blobs through a few windows of read-ahead, at most 8 MiB of them. */
export class BlobReader {
  readonly #backend: Backend
  readonly #cipher: Cipher
  #windows: Window[] = []

  constructor(backend: Backend, cipher: Cipher) {
    this.#backend = backend
    this.#cipher = cipher
  }

  /** @throws {DamagedError} not in the index, or no copy is whole; @throws {FileMissingError} the only pack is gone */
  async read(index: BlobIndex, type: BlobType, id: BlobId, signal?: AbortSignal): Promise<Buffer> {
    let failure: unknown
    for (const location of index.findAll(type, id)) {
      try {
        return await this.#readCopy(index, type, id, location, signal)
      } catch (error) {
        if (!isDamage(error) && !isRefusal(error)) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    throw new DamagedError(`${type} blob ${shortId(id)} is in no index`, {
      hint: 'run `hikae check` to see which snapshots are affected',
    })
  }

  async #readCopy(
    index: BlobIndex,
    type: BlobType,
    id: BlobId,
    location: BlobLocation,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    const unit = await this.#readUnit(index, type, location, signal)
    try {
      return openBlob(this.#cipher, unit, id, location.uncompressedLength)
    } catch (error) {
      if (!(error instanceof MacMismatchError || error instanceof DamagedError)) throw error
      throw new DamagedError(
        `${type} blob ${shortId(id)} in pack ${shortId(location.pack)} is damaged: ${error.message}`,
        { hint: 'run `hikae check --read-data` to see how far the damage goes', cause: error },
      )
    }
  }

  async #readUnit(
    index: BlobIndex,
    type: BlobType,
    { pack, offset, length }: BlobLocation,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const options = signal ? { signal } : {}
    if (type === 'data') return this.#backend.read('pack', pack, { offset, length, ...options })
    const end = offset + length
    const hit = this.#windows.find(
      (window) => window.pack === pack && window.offset <= offset && window.offset + window.bytes.length >= end,
    )
    if (hit) return hit.bytes.subarray(offset - hit.offset, end - hit.offset)
    const windowEnd = Math.max(end, Math.min(offset + WINDOW_BYTES, index.endOfBlobs(pack)))
    const bytes = await this.#backend.read('pack', pack, {
      offset,
      length: windowEnd - offset,
      holdsTrees: true,
      ...options,
    })
    this.#windows = [{ pack, offset, bytes }, ...this.#windows.slice(0, KEPT_WINDOWS - 1)]
    return bytes.subarray(0, length)
  }
}

/**
 * Decrypts, decompresses and verifies one stored blob.
 *
 * @param uncompressedLength 0 when the blob is stored uncompressed
 * @throws {MacMismatchError} @throws {DamagedError} the content is not what `id` names
 */
function openBlob(cipher: Cipher, unit: Uint8Array, id: BlobId, uncompressedLength: number): Buffer {
  const stored = cipher.open(unit)
  const content = uncompressedLength === 0 ? stored : decompress(stored, uncompressedLength)
  if (sha256Id(content) !== id) throw new DamagedError('its content does not match its id')
  return content
}

/** The storage fails at this file and will again, which says nothing about other copies. */
function isRefusal(error: unknown): boolean {
  return error instanceof BackendError && !error.transient
}
