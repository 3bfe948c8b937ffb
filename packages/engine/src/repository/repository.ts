import { type Backend, FileMissingError, type FileKind } from '../backend/backend.ts'
import { decompressFrames } from '../compression/zstd-frames.ts'
import { compress } from '../compression/zstd.ts'
import { mapConcurrently } from '../concurrency.ts'
import { Cipher, MacMismatchError, type MasterKey } from '../crypto/cipher.ts'
import { sha256Id } from '../crypto/hash.ts'
import { DamagedError } from '../errors.ts'
import { type BlobId, type Id, type IndexId, isId, type KeyId, shortId, type SnapshotId, type TreeId } from '../ids.ts'
import { BlobIndex } from '../index/blob-index.ts'
import { decodeIndex, estimateBlobs } from '../index/index-file.ts'
import type { BlobType } from '../pack/blob.ts'
import { decodeSnapshot } from '../snapshot/codec.ts'
import type { StoredSnapshot } from '../snapshot/snapshot.ts'
import { decodeTree } from '../tree/decode.ts'
import type { Tree } from '../tree/node.ts'
import { BlobReader } from './blob-reader.ts'
import type { RepositoryConfig } from './config.ts'

/** Kinds of files that are one encrypted JSON document (§6). */
export type UnpackedKind = Extract<FileKind, 'snapshot' | 'index' | 'lock'>

/** Content above which an unpacked file is refused: a decompression bomb, or not ours. */
const UNPACKED_LIMIT = 1024 * 1024 * 1024

/**
 * A repository whose key is known. Reading needs no lock, but what is read may be removed meanwhile by a prune; see
 * `openLocked`. Disposing of it disposes of the backend.
 */
export class Repository implements AsyncDisposable {
  readonly backend: Backend
  readonly config: RepositoryConfig
  readonly masterKey: MasterKey
  /** The key file that the password opened. */
  readonly keyId: KeyId
  readonly cipher: Cipher
  #index = new BlobIndex()
  #loadedIndexes = new Set<IndexId>()
  #loading: Promise<void> = Promise.resolve()
  readonly #blobReader: BlobReader

  constructor(backend: Backend, config: RepositoryConfig, masterKey: MasterKey, keyId: KeyId) {
    this.backend = backend
    this.config = config
    this.masterKey = masterKey
    this.keyId = keyId
    this.cipher = new Cipher(masterKey)
    this.#blobReader = new BlobReader(backend, this.cipher)
  }

  /** The merged index as loaded so far: empty before {@link Repository.loadIndex}. */
  get index(): BlobIndex {
    return this.#index
  }

  /** The index files that {@link Repository.index} holds. */
  get loadedIndexes(): ReadonlySet<IndexId> {
    return this.#loadedIndexes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.backend[Symbol.asyncDispose]()
  }

  /**
   * Brings the index up to what is stored now: loads new index files, and starts over when loaded ones are gone.
   *
   * @throws {DamagedError} an index file cannot be read; nothing can be trusted to be complete then
   */
  async loadIndex(signal?: AbortSignal): Promise<BlobIndex> {
    const loading = this.#loading.then(() => this.#loadNewIndexes(signal))
    // One after the other, or both would add the same files; a failure is only for the one who asked.
    this.#loading = loading.then(
      () => undefined,
      () => undefined,
    )
    return await loading
  }

  async #loadNewIndexes(signal: AbortSignal | undefined): Promise<BlobIndex> {
    signal?.throwIfAborted()
    const stored = await this.listIds('index', signal)
    const present = new Set(stored.map(({ id }) => id))
    if ([...this.#loadedIndexes].some((id) => !present.has(id))) {
      this.#index = new BlobIndex()
      this.#loadedIndexes = new Set()
    }
    const missing = stored.filter(({ id }) => !this.#loadedIndexes.has(id))
    this.#index.reserve(estimateBlobs(missing, this.config.version))
    await mapConcurrently(missing, this.backend.connections, async ({ id }) => {
      this.#addIndexFile(await this.readUnpacked('index', id, signal))
      this.#loadedIndexes.add(id)
    })
    return this.#index
  }

  #addIndexFile(plaintext: Uint8Array): void {
    const index = this.#index
    let pack = 0
    decodeIndex(plaintext, {
      pack: (id) => (pack = index.addPack(id)),
      blob: (type, id, offset, length, uncompressed) => index.addRaw(pack, type, id, offset, length, uncompressed),
    })
  }

  /** Names and sizes of stored files; names that are not ids are not listed. */
  async listIds<Kind extends Exclude<FileKind, 'config'>>(
    kind: Kind,
    signal?: AbortSignal,
  ): Promise<{ id: Id; size: number }[]> {
    const found: { id: Id; size: number }[] = []
    for await (const { name, size } of this.backend.list(kind, signal)) if (isId(name)) found.push({ id: name, size })
    return found
  }

  /**
   * The JSON of a snapshot, index or lock: checked against its name, decrypted and decompressed (§6).
   *
   * @throws {FileMissingError} @throws {DamagedError} not what its name says, read twice, or made with another key
   */
  async readUnpacked(kind: UnpackedKind, id: Id, signal?: AbortSignal): Promise<Buffer> {
    const options = signal ? { signal } : {}
    let stored = await this.backend.read(kind, id, options)
    if (sha256Id(stored) !== id) stored = await this.backend.read(kind, id, options)
    if (sha256Id(stored) !== id) throw damaged(kind, id, 'its content does not match its name')
    try {
      return decodeUnpacked(this.cipher.open(stored), this.config.version)
    } catch (error) {
      if (!(error instanceof MacMismatchError || error instanceof DamagedError)) throw error
      throw damaged(kind, id, error.message, error)
    }
  }

  /** Stores JSON as a snapshot, index or lock, after checking that it can be read back (§7). */
  async writeUnpacked(kind: UnpackedKind, plaintext: Uint8Array, signal?: AbortSignal): Promise<Id> {
    const unit = this.cipher.seal(this.config.version === 1 ? plaintext : encodeUnpacked(plaintext))
    if (!decodeUnpacked(this.cipher.open(unit), this.config.version).equals(plaintext)) {
      throw new DamagedError(`the new ${kind} does not decrypt to what was encrypted`, {
        hint: 'nothing was stored; this points at faulty memory or processor: test the machine',
      })
    }
    const id = sha256Id(unit)
    await this.backend.write(kind, id, unit, { isNamedByContent: true, ...(signal && { signal }) })
    return id
  }

  /**
   * A blob's plaintext, from any of its copies. When it is unknown or its pack is gone, the index is loaded again once:
   * another program may have moved it.
   *
   * @throws {DamagedError} it is in no index, or no copy can be read
   */
  async readBlob(type: BlobType, id: BlobId, signal?: AbortSignal): Promise<Buffer> {
    try {
      return await this.#blobReader.read(this.#index, type, id, signal)
    } catch (error) {
      if (!(error instanceof DamagedError || error instanceof FileMissingError)) throw error
      await this.loadIndex(signal)
      return await this.#blobReader.read(this.#index, type, id, signal)
    }
  }

  async readTree(id: TreeId, signal?: AbortSignal): Promise<Tree> {
    return decodeTree(await this.readBlob('tree', id, signal))
  }

  async readSnapshot(id: SnapshotId, signal?: AbortSignal): Promise<StoredSnapshot> {
    const plaintext = await this.readUnpacked('snapshot', id, signal)
    try {
      return { ...decodeSnapshot(plaintext), id }
    } catch (error) {
      throw error instanceof DamagedError ? damaged('snapshot', id, error.message, error) : error
    }
  }

  /**
   * All snapshots, oldest first. A snapshot that is removed while they are read is left out.
   *
   * @param onUnreadable is told of damaged ones, which are left out; without it, they are thrown
   */
  async snapshots(
    signal?: AbortSignal,
    onUnreadable?: (id: SnapshotId, error: DamagedError) => void,
  ): Promise<StoredSnapshot[]> {
    const ids = await this.listIds('snapshot', signal)
    const read = await mapConcurrently(ids, this.backend.connections, async ({ id }) => {
      try {
        return await this.readSnapshot(id, signal)
      } catch (error) {
        if (error instanceof FileMissingError) return undefined
        if (!(error instanceof DamagedError) || !onUnreadable) throw error
        onUnreadable(id, error)
        return undefined
      }
    })
    return read.filter((snapshot) => snapshot !== undefined).sort(byTime)
  }
}

function byTime(a: StoredSnapshot, b: StoredSnapshot): number {
  const difference = Date.parse(a.time) - Date.parse(b.time)
  return difference === 0 ? (a.id < b.id ? -1 : 1) : difference
}

const OPENING_BRACE = 0x7b
const OPENING_BRACKET = 0x5b
const COMPRESSED = 0x02

function encodeUnpacked(plaintext: Uint8Array): Uint8Array {
  const compressed = compress(plaintext, 3)
  return compressed ? Buffer.concat([Buffer.from([COMPRESSED]), compressed]) : plaintext
}

function decodeUnpacked(content: Buffer, version: RepositoryConfig['version']): Buffer {
  const first = content[0]
  if (version === 1 || first === undefined || first === OPENING_BRACE || first === OPENING_BRACKET) return content
  if (first === COMPRESSED) return decompressFrames(content.subarray(1), UNPACKED_LIMIT)
  throw new DamagedError(`it begins with the unknown encoding byte ${first}`)
}

function damaged(kind: UnpackedKind, id: Id, reason: string, cause?: unknown): DamagedError {
  return new DamagedError(`${kind} ${shortId(id)} is damaged: ${reason}`, {
    hint: kind === 'lock' ? 'remove it with `hikae unlock --remove-all`' : 'run `hikae check` to see what is affected',
    cause,
  })
}
