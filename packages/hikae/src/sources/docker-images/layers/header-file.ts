import { type FileHandle, open, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'

const PIECE_BYTES = 256 * 1024

/** Headers of a layer, kept while its content is read: about 600 bytes for each of its files. */
export class HeaderFile implements AsyncDisposable {
  readonly #file: FileHandle
  #bytes = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** A file without a name, so that nothing is left when we are killed. */
  static async create(folder: string): Promise<HeaderFile> {
    const path = join(folder, `headers-${randomUUID()}`)
    const file = await open(path, 'wx+', 0o600)
    await rm(path)
    return new HeaderFile(file)
  }

  get bytes(): number {
    return this.#bytes
  }

  async add(frame: Uint8Array): Promise<void> {
    await this.#file.writeFile(frame)
    this.#bytes += frame.length
  }

  async *content(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < this.#bytes;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, this.#bytes - at))
      const { bytesRead } = await this.#file.read(piece, 0, piece.length, at)
      if (bytesRead === 0) throw new Error('a scratch file was cut off')
      at += bytesRead
      yield piece.subarray(0, bytesRead)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close()
  }
}
