import type { FileHandle } from 'node:fs/promises'
import { ArchiveError, DAMAGED_HINT } from './archive-error.ts'

const WINDOW_BYTES = 256 * 1024
/** Where nobody knows yet whether what follows will be wanted too. */
const FIRST_WINDOW_BYTES = 4 * 1024
const NOTHING = Buffer.alloc(0)

/** An open file, read at any place. What lies close together comes from the disk once. */
export class FileBytes {
  readonly size: number
  readonly #file: FileHandle
  #window: Buffer = NOTHING
  #windowAt = 0

  constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  /** @throws {ArchiveError} the file ends before */
  async read(at: number, length: number): Promise<Buffer> {
    if (at < this.#windowAt || at + length > this.#windowAt + this.#window.length) {
      const distance = at - this.#windowAt - this.#window.length
      const ahead = distance >= 0 && distance < WINDOW_BYTES ? WINDOW_BYTES : FIRST_WINDOW_BYTES
      this.#window = await this.#load(at, Math.max(length, Math.min(ahead, this.size - at)))
      this.#windowAt = at
    }
    return this.#window.subarray(at - this.#windowAt, at - this.#windowAt + length)
  }

  /** A stretch in pieces of its own memory. */
  async *stretch(at: number, length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let done = 0; done < length; done += WINDOW_BYTES) {
      yield await this.#load(at + done, Math.min(WINDOW_BYTES, length - done))
    }
  }

  async #load(at: number, length: number): Promise<Buffer> {
    if (at + length > this.size) throw endsEarly()
    const bytes = Buffer.allocUnsafe(length)
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, at + done)
      if (bytesRead === 0) throw endsEarly()
      done += bytesRead
    }
    return bytes
  }
}

function endsEarly(): ArchiveError {
  return new ArchiveError('the archive ends too early', { hint: DAMAGED_HINT })
}
