import { ArchiveError, DAMAGED_HINT } from '../archive-error.ts'
import { ByteReader } from '../byte-reader.ts'
import type { TarBytes } from './tar-bytes.ts'

const PIECE_BYTES = 256 * 1024

/** An archive that comes as a stream: places are asked for in order, and nothing is kept. */
export class StreamBytes implements TarBytes {
  readonly #reader: ByteReader
  #position = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#reader = new ByteReader(source)
  }

  async read(at: number, length: number): Promise<Buffer> {
    await this.#skipTo(at)
    const bytes = await this.#reader.upTo(length)
    this.#position += bytes.length
    if (bytes.length < length) throw endsEarly()
    return bytes
  }

  async *stretch(at: number, length: number): AsyncGenerator<Uint8Array, void, undefined> {
    await this.#skipTo(at)
    for (let left = length; left > 0;) {
      const piece = await this.#some(left)
      left -= piece.length
      yield piece
    }
  }

  /** @throws {ArchiveError} something but zeros comes from here on */
  async rest(): Promise<void> {
    for (let piece; (piece = await this.#reader.some(PIECE_BYTES));) {
      if (piece.every((byte) => byte === 0)) continue
      throw new ArchiveError('something follows the end of the archive', { hint: DAMAGED_HINT })
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #skipTo(at: number): Promise<void> {
    if (at < this.#position) throw new Error(`what was at ${at} of the stream is gone: ${this.#position} is next`)
    while (this.#position < at) await this.#some(at - this.#position)
  }

  async #some(most: number): Promise<Buffer> {
    const piece = await this.#reader.some(Math.min(most, PIECE_BYTES))
    if (!piece) throw endsEarly()
    this.#position += piece.length
    return piece
  }
}

function endsEarly(): ArchiveError {
  return new ArchiveError('the archive ends too early', { hint: DAMAGED_HINT })
}
