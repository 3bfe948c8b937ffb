/** Builds the fields of an SFTP packet (draft-ietf-secsh-filexfer-02, section 3): big-endian numbers, counted strings. */
export class FieldWriter {
  readonly #parts: Buffer[] = []

  u32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeUInt32BE(value)
    this.#parts.push(part)
    return this
  }

  u64(value: number): this {
    const part = Buffer.allocUnsafe(8)
    part.writeBigUInt64BE(BigInt(value))
    this.#parts.push(part)
    return this
  }

  string(value: string | Uint8Array): this {
    const bytes = Buffer.from(value as string)
    this.u32(bytes.length)
    this.#parts.push(bytes)
    return this
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** The server sent a packet that SFTP does not allow there. */
export class SftpViolationError extends Error {
  override readonly name = 'SftpViolationError'
}

/**
 * Takes the fields of a packet apart, in order.
 *
 * @throws {SftpViolationError} from every method, when the packet has fewer bytes than the field
 */
export class FieldReader {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length
  }

  u32(): number {
    return this.#take(4).readUInt32BE()
  }

  /** Numbers beyond 2^53 lose precision: they only occur as limits and free space. */
  u64(): number {
    return Number(this.#take(8).readBigUInt64BE())
  }

  /** A view of the packet. */
  string(): Buffer {
    return this.#take(this.u32())
  }

  text(): string {
    return this.string().toString()
  }

  #take(count: number): Buffer {
    const end = this.#position + count
    if (end > this.#bytes.length) throw new SftpViolationError('a packet ends in the middle of a field')
    const field = this.#bytes.subarray(this.#position, end)
    this.#position = end
    return field
  }
}
