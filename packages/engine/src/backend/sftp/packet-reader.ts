import { PacketType } from './packet-type.ts'

/** Longer packets are no SFTP; OpenSSH sends at most 256 KiB. */
const LONGEST_PACKET = 1024 * 1024
/** Length, type and id; in a packet of data also the count of its bytes. */
const HEAD_BYTES = 9
const DATA_HEAD_BYTES = 13

/** What the server sent cannot be SFTP. */
export class NotSftpError extends Error {
  override readonly name = 'NotSftpError'

  constructor(firstBytes: Buffer) {
    super(
      `the server sent something that is not SFTP: ${JSON.stringify(firstBytes.subarray(0, 80).toString('latin1'))}`,
    )
  }
}

export interface PacketReceiver {
  /** Where the data of an answer is wanted; it then gets no `packet` but `filled`. */
  sinkFor(id: number, dataBytes: number): Uint8Array | undefined
  filled(id: number, dataBytes: number): void
  /** @param body all after type and id (after the type, for the answer to the first packet, which has no id) */
  packet(type: number, id: number, body: Buffer): void
}

/** Cuts a stream of bytes into packets. Data goes from the stream straight to where it is wanted: it is copied once. */
export class PacketReader {
  readonly #receiver: PacketReceiver
  /** The packet so far: its head at least, all of it unless its data has a sink. */
  #packet = Buffer.alloc(DATA_HEAD_BYTES)
  #have = 0
  /** Bytes of the whole packet; 0 until they are known. */
  #wanted = 0
  #sink: { readonly id: number; readonly memory: Uint8Array; readonly length: number; have: number } | undefined

  constructor(receiver: PacketReceiver) {
    this.#receiver = receiver
  }

  /** @throws {NotSftpError} */
  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#sink ? this.#fillSink(rest) : this.#fillPacket(rest)
  }

  #fillSink(chunk: Buffer): Buffer {
    const sink = this.#sink!
    const count = Math.min(chunk.length, sink.length - sink.have)
    sink.memory.set(chunk.subarray(0, count), sink.have)
    sink.have += count
    if (sink.have === sink.length) {
      this.#startOver()
      this.#receiver.filled(sink.id, sink.length)
    }
    return chunk.subarray(count)
  }

  #fillPacket(chunk: Buffer): Buffer {
    const target = this.#target()
    const count = Math.min(chunk.length, target - this.#have)
    chunk.copy(this.#packet, this.#have, 0, count)
    this.#have += count
    const rest = chunk.subarray(count)
    if (this.#have === target) this.#advance(rest)
    return rest
  }

  /** How many bytes of the packet are needed before the next decision. */
  #target(): number {
    if (this.#wanted === 0) return HEAD_BYTES
    return this.#isData() && this.#have < DATA_HEAD_BYTES ? DATA_HEAD_BYTES : this.#wanted
  }

  /** @param rest what came with it, for messages */
  #advance(rest: Buffer): void {
    if (this.#wanted === 0) this.#measure(rest)
    if (this.#isData() && this.#have === DATA_HEAD_BYTES) this.#openSink(rest)
    if (this.#sink !== undefined || this.#have < this.#wanted) return
    const [packet, wanted] = [this.#packet, this.#wanted]
    this.#startOver()
    const type = packet.readUInt8(4)
    if (type === PacketType.version) this.#receiver.packet(type, 0, packet.subarray(5, wanted))
    else this.#receiver.packet(type, packet.readUInt32BE(5), packet.subarray(9, wanted))
  }

  #measure(rest: Buffer): void {
    const length = this.#packet.readUInt32BE(0)
    if (length > LONGEST_PACKET || length + 4 < HEAD_BYTES) throw this.#notSftp(rest)
    this.#wanted = length + 4
    if (!this.#isData()) this.#grow()
    else if (this.#wanted < DATA_HEAD_BYTES) throw this.#notSftp(rest)
  }

  #openSink(rest: Buffer): void {
    const dataBytes = this.#packet.readUInt32BE(9)
    if (DATA_HEAD_BYTES + dataBytes > this.#wanted) throw this.#notSftp(rest)
    const id = this.#packet.readUInt32BE(5)
    const memory = this.#receiver.sinkFor(id, dataBytes)
    if (memory === undefined || dataBytes === 0 || DATA_HEAD_BYTES + dataBytes < this.#wanted) this.#grow()
    else this.#sink = { id, memory, length: dataBytes, have: 0 }
  }

  #isData(): boolean {
    return this.#packet[4] === PacketType.data
  }

  #notSftp(rest: Buffer): NotSftpError {
    return new NotSftpError(Buffer.concat([this.#packet.subarray(0, this.#have), rest]))
  }

  /** Makes room for all of a packet. */
  #grow(): void {
    if (this.#packet.length >= this.#wanted) return
    const whole = Buffer.alloc(this.#wanted)
    this.#packet.copy(whole, 0, 0, this.#have)
    this.#packet = whole
  }

  #startOver(): void {
    this.#sink = undefined
    this.#have = 0
    this.#wanted = 0
    this.#packet = Buffer.alloc(DATA_HEAD_BYTES)
  }
}
