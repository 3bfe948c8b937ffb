import { closeSync, openSync, readSync } from 'node:fs'
import { zstd } from '../compression/zstd.ts'
import { Cipher, type MasterKey, OVERHEAD } from '../crypto/cipher.ts'
import { primitives } from '../crypto/primitives.ts'
import { DamagedError } from '../errors.ts'
import { ID_BYTES } from '../ids.ts'

/** Packs are read in steps of about this much; what lies between two blobs is read too when it is short. */
const STEP_BYTES = 2 * 1024 * 1024
const LONGEST_GAP = 64 * 1024

/** Where a thread finds blobs of one pack. */
export interface BlobsSource {
  readonly source:
    | { readonly kind: 'path'; readonly path: string }
    /** The pack from `offset` on. */
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly offset: number }
  /** Four numbers for each blob, by ascending offset: offset, length, uncompressed length, and one of the task's own. */
  readonly blobs: Uint32Array<ArrayBuffer>
  /** Raw ids of the blobs. */
  readonly ids: Uint8Array<ArrayBuffer>
}

/** Numbers of a blob in `blobs`. */
const FIELDS = 4

/**
 * Takes a proven blob: its number, its content, the same as it is stored (compressed or not), and that encrypted. The
 * bytes are valid until it returns.
 */
export type OnBlob = (blob: number, content: Buffer, stored: Buffer, unit: Uint8Array) => void

/** Gives the content of a task's blobs one after the other, in memory that is used again. */
export class BlobOpener {
  readonly #cipher: Cipher
  readonly #primitives = primitives()
  readonly #zstd = zstd()
  readonly #digest = Buffer.allocUnsafeSlow(ID_BYTES)
  #read: Buffer = Buffer.allocUnsafeSlow(STEP_BYTES)
  #opened: Buffer = Buffer.allocUnsafeSlow(STEP_BYTES)
  #content: Buffer = Buffer.allocUnsafeSlow(STEP_BYTES)

  constructor(key: MasterKey) {
    this.#cipher = new Cipher(key)
  }

  /** @param onFailure the blob's bytes cannot be had, or are not those that its id names */
  forEach(task: BlobsSource, onContent: OnBlob, onFailure: (blob: number, error: unknown) => void): void {
    const count = task.blobs.length / FIELDS
    let source: Source
    try {
      source = this.#openSource(task)
    } catch (error) {
      for (let blob = 0; blob < count; blob++) onFailure(blob, error)
      return
    }
    try {
      for (let first = 0; first < count;) first = this.#step(task, first, source, onContent, onFailure)
    } finally {
      source.close()
    }
  }

  /** @returns the number of the first blob of the next step */
  #step(
    task: BlobsSource,
    first: number,
    source: Source,
    onContent: OnBlob,
    onFailure: (blob: number, error: unknown) => void,
  ): number {
    const start = task.blobs[first * FIELDS]!
    const next = endOfStep(task.blobs, first)
    const end = Math.max(start, task.blobs[(next - 1) * FIELDS]! + task.blobs[(next - 1) * FIELDS + 1]!)
    let bytes: Uint8Array
    try {
      bytes = source.read(start, end)
    } catch (error) {
      for (let blob = first; blob < next; blob++) onFailure(blob, error)
      return next
    }
    for (let blob = first; blob < next; blob++) {
      const at = task.blobs[blob * FIELDS]! - start
      const unit = bytes.subarray(at, at + task.blobs[blob * FIELDS + 1]!)
      const id = task.ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES)
      let opened: { stored: Buffer; content: Buffer }
      try {
        opened = this.#open(unit, task.blobs[blob * FIELDS + 1]!, task.blobs[blob * FIELDS + 2]!, id)
      } catch (error) {
        onFailure(blob, error)
        continue
      }
      onContent(blob, opened.content, opened.stored, unit)
    }
    return next
  }

  #open(
    unit: Uint8Array,
    length: number,
    uncompressedLength: number,
    id: Uint8Array,
  ): { stored: Buffer; content: Buffer } {
    if (unit.length < length) throw new DamagedError('the pack ends before the blob does')
    this.#opened = roomFor(length - OVERHEAD, this.#opened)
    const stored = this.#cipher.openInto(unit, this.#opened)
    let content = stored
    if (uncompressedLength !== 0) {
      this.#content = roomFor(uncompressedLength, this.#content)
      content = this.#content.subarray(0, uncompressedLength)
      this.#zstd.decompressInto(stored, content)
    }
    this.#primitives.sha256(content, this.#digest, 0)
    if (!this.#digest.equals(id)) throw new DamagedError('its content does not match its id')
    return { stored, content }
  }

  #openSource({ source }: BlobsSource): Source {
    if (source.kind === 'bytes') {
      return {
        read: (start, end) => source.bytes.subarray(start - source.offset, end - source.offset),
        close: () => undefined,
      }
    }
    const descriptor = openSync(source.path, 'r')
    return {
      read: (start, end) => {
        this.#read = roomFor(end - start, this.#read)
        return this.#read.subarray(0, readUpTo(descriptor, this.#read, end - start, start))
      },
      close: () => closeSync(descriptor),
    }
  }
}

interface Source {
  /** Fewer bytes at the end of the pack. */
  read(start: number, end: number): Uint8Array
  close(): void
}

function endOfStep(blobs: Uint32Array, first: number): number {
  const start = blobs[first * FIELDS]!
  let next = first + 1
  for (; next * FIELDS < blobs.length; next++) {
    const offset = blobs[next * FIELDS]!
    const previousEnd = blobs[(next - 1) * FIELDS]! + blobs[(next - 1) * FIELDS + 1]!
    const isNear = offset >= previousEnd && offset - previousEnd <= LONGEST_GAP
    if (!isNear || offset + blobs[next * FIELDS + 1]! - start > STEP_BYTES) break
  }
  return next
}

function readUpTo(descriptor: number, target: Buffer, length: number, position: number): number {
  let filled = 0
  while (filled < length) {
    const read = readSync(descriptor, target, filled, length - filled, position + filled)
    if (read === 0) break
    filled += read
  }
  return filled
}

function roomFor(bytes: number, present: Buffer): Buffer {
  return bytes <= present.length ? present : Buffer.allocUnsafeSlow(bytes)
}
