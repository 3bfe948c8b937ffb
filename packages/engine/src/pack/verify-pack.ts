import { type Zstd, zstd } from '../compression/zstd.ts'
import { type Cipher, MacMismatchError, OVERHEAD } from '../crypto/cipher.ts'
import { primitives } from '../crypto/primitives.ts'
import { DamagedError } from '../errors.ts'
import { type Id, ID_BYTES, idFromBytes, shortId } from '../ids.ts'
import { isSameEntry } from './blob.ts'
import { blobAt, type BlobColumns, blobsInColumns, numbersAt } from './blob-columns.ts'
import { decodeHeader, headerStart, isHeaderOf } from './header.ts'

export interface PackVerdict {
  /** Words for people; empty for a pack that is whole. */
  readonly problems: readonly string[]
  /** Positions in `blobs` of those that cannot be used. */
  readonly damagedBlobs: readonly number[]
}

const LENGTH_BYTES = 4
/** Problems described one by one; the number of damaged blobs says the rest. */
const MOST_PROBLEMS = 5

/** Proves packs: hash, header, and every blob (§17.5). One per thread, since its buffers are used again. */
export class PackVerifier {
  readonly #cipher: Cipher
  readonly #zstd: Zstd = zstd()
  readonly #primitives = primitives()
  readonly #digest = Buffer.allocUnsafeSlow(ID_BYTES)
  #stored = Buffer.alloc(0)
  #content = Buffer.alloc(0)

  constructor(cipher: Cipher) {
    this.#cipher = cipher
  }

  /**
   * @param pack the name of the file
   * @param content all of the file
   * @param blobs what the index says, by offset, without repeats
   */
  verify(pack: Id, content: Uint8Array, blobs: BlobColumns): PackVerdict {
    const problems: string[] = []
    const damagedBlobs: number[] = []
    this.#primitives.sha256(content, this.#digest, 0)
    if (idFromBytes(this.#digest) !== pack) problems.push('its content does not match its name')
    const headerProblem = this.#headerProblem(content, blobs)
    if (headerProblem !== undefined) problems.push(headerProblem)
    const count = blobsInColumns(blobs)
    for (let at = 0; at < count; at++) {
      const problem = this.#blobProblem(content, blobs, at)
      if (problem === undefined) continue
      damagedBlobs.push(at)
      if (damagedBlobs.length > MOST_PROBLEMS) continue
      const { type, id } = blobAt(blobs, at)
      problems.push(`${type} blob ${shortId(id)}: ${problem}`)
    }
    return { problems, damagedBlobs }
  }

  #headerProblem(content: Uint8Array, blobs: BlobColumns): string | undefined {
    try {
      const start = headerStart(content, content.length)
      const unit = content.subarray(start, content.length - LENGTH_BYTES)
      this.#stored = largeEnough(this.#stored, unit.length)
      const plaintext = this.#cipher.openInto(unit, this.#stored)
      if (isHeaderOf(plaintext, blobs)) return undefined
      const header = decodeHeader(plaintext)
      const count = blobsInColumns(blobs)
      if (header.length !== count) return `its header lists ${header.length} blobs, the index ${count}`
      const different = header.find((blob, at) => !isSameEntry(blob, blobAt(blobs, at)))
      return different && `its header and the index disagree about the blob at ${different.offset}`
    } catch (error) {
      return `its header cannot be read: ${reasonOf(error)}`
    }
  }

  #blobProblem(content: Uint8Array, blobs: BlobColumns, at: number): string | undefined {
    const { offset, length, uncompressedLength } = numbersAt(blobs, at)
    if (length < OVERHEAD || offset + length > content.length) return 'it lies outside the pack'
    try {
      this.#stored = largeEnough(this.#stored, length)
      let plaintext = this.#cipher.openInto(content.subarray(offset, offset + length), this.#stored)
      if (uncompressedLength > 0) {
        this.#content = largeEnough(this.#content, uncompressedLength)
        const target = this.#content.subarray(0, uncompressedLength)
        this.#zstd.decompressInto(plaintext, target)
        plaintext = target
      }
      this.#primitives.sha256(plaintext, this.#digest, 0)
      const isSought = this.#digest.compare(blobs.ids, at * ID_BYTES, (at + 1) * ID_BYTES) === 0
      return isSought ? undefined : 'its content does not match its id'
    } catch (error) {
      return reasonOf(error)
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof MacMismatchError || error instanceof DamagedError) return error.message
  throw error
}

function largeEnough(buffer: Buffer<ArrayBuffer>, bytes: number): Buffer<ArrayBuffer> {
  return buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(bytes + (bytes >> 1))
}
