import { closeSync, fstatSync, readSync } from 'node:fs'
import { primitives } from '../../crypto/primitives.ts'
import { ID_BYTES } from '../../ids.ts'
import type { CompareTask } from '../restore-protocol.ts'
import { openForReading } from './output-files.ts'

/** Compares parts of files with the blobs that they should consist of, by their hashes. */
export class PartComparer {
  readonly #primitives = primitives()
  readonly #digest = Buffer.allocUnsafeSlow(ID_BYTES)
  #buffer: Buffer = Buffer.allocUnsafeSlow(2 * 1024 * 1024)

  /** @param onFailure the part's file cannot be read: nothing of it matches */
  compare(
    task: CompareTask,
    pathOf: (position: number) => string,
    onFailure: (part: number, error: unknown) => void,
  ): { matches: Uint8Array; sizes: Float64Array } {
    const matches = new Uint8Array(task.lengths.length)
    const sizes = new Float64Array(task.positions.length)
    let first = 0
    for (const [part, position] of task.positions.entries()) {
      const next = first + task.counts[part]!
      try {
        sizes[part] = this.#comparePart(task, part, first, next, pathOf(position), matches)
      } catch (error) {
        matches.fill(0, first, next)
        onFailure(part, error)
      }
      first = next
    }
    return { matches, sizes }
  }

  /** @returns bytes of the file */
  #comparePart(
    task: CompareTask,
    part: number,
    first: number,
    next: number,
    path: string,
    matches: Uint8Array,
  ): number {
    const descriptor = openForReading(path)
    try {
      const { size } = fstatSync(descriptor)
      let offset = task.offsets[part]!
      for (let blob = first; blob < next; blob++) {
        const length = task.lengths[blob]!
        // Beyond the end nothing can match, and the file is not read in vain.
        if (offset + length > size) break
        const id = task.ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES)
        if (this.#has(descriptor, offset, length, id)) matches[blob] = 1
        offset += length
      }
      return size
    } finally {
      closeSync(descriptor)
    }
  }

  #has(descriptor: number, offset: number, length: number, id: Uint8Array): boolean {
    if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(length)
    for (let filled = 0; filled < length;) {
      const read = readSync(descriptor, this.#buffer, filled, length - filled, offset + filled)
      if (read === 0) return false
      filled += read
    }
    this.#primitives.sha256(this.#buffer.subarray(0, length), this.#digest, 0)
    return this.#digest.equals(id)
  }
}
