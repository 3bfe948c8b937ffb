import { type Zstd, zstd } from '../compression/zstd.ts'
import { type Cipher, MacMismatchError, OVERHEAD } from '../crypto/cipher.ts'
import { primitives } from '../crypto/primitives.ts'
import { DamagedError } from '../errors.ts'
import { type Id, ID_BYTES, idFromBytes, shortId } from '../ids.ts'
import type { PackedBlob } from './blob.ts'
import { decodeHeader, headerStart } from './header.ts'

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
  verify(pack: Id, content: Uint8Array, blobs: readonly PackedBlob[]): PackVerdict {
    const problems: string[] = []
    const damagedBlobs: number[] = []
    if (this.#sha256Id(content) !== pack) problems.push('its content does not match its name')
    const headerProblem = this.#headerProblem(content, blobs)
    if (headerProblem !== undefined) problems.push(headerProblem)
    for (const [at, blob] of blobs.entries()) {
      const problem = this.#blobProblem(content, blob)
      if (problem === undefined) continue
      damagedBlobs.push(at)
      if (damagedBlobs.length <= MOST_PROBLEMS) problems.push(`${blob.type} blob ${shortId(blob.id)}: ${problem}`)
    }
    return { problems, damagedBlobs }
  }

  #headerProblem(content: Uint8Array, blobs: readonly PackedBlob[]): string | undefined {
    try {
      const start = headerStart(content, content.length)
      const header = decodeHeader(this.#cipher.open(content.subarray(start, content.length - LENGTH_BYTES)))
      if (header.length !== blobs.length) return `its header lists ${header.length} blobs, the index ${blobs.length}`
      const different = header.find((blob, at) => !isSame(blob, blobs[at]!))
      return different && `its header and the index disagree about the blob at ${different.offset}`
    } catch (error) {
      return `its header cannot be read: ${reasonOf(error)}`
    }
  }

  #blobProblem(content: Uint8Array, { id, offset, length, uncompressedLength }: PackedBlob): string | undefined {
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
      return this.#sha256Id(plaintext) === id ? undefined : 'its content does not match its id'
    } catch (error) {
      return reasonOf(error)
    }
  }

  #sha256Id(input: Uint8Array): Id {
    this.#primitives.sha256(input, this.#digest, 0)
    return idFromBytes(this.#digest)
  }
}

function isSame(a: PackedBlob, b: PackedBlob): boolean {
  return (
    a.id === b.id &&
    a.type === b.type &&
    a.offset === b.offset &&
    a.length === b.length &&
    a.uncompressedLength === b.uncompressedLength
  )
}

function reasonOf(error: unknown): string {
  if (error instanceof MacMismatchError || error instanceof DamagedError) return error.message
  throw error
}

function largeEnough(buffer: Buffer<ArrayBuffer>, bytes: number): Buffer<ArrayBuffer> {
  return buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(bytes + (bytes >> 1))
}
