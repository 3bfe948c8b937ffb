import { BackendError } from '../backend.ts'
import { FieldReader } from './fields.ts'
import { NotSftpError, PacketReader } from './packet-reader.ts'
import { PacketType } from './packet-type.ts'
import type { SshChannel } from './ssh-channel.ts'

/** What the server answered; `data` that went to a sink has no fields. */
export interface Answer {
  readonly type: number
  readonly fields: FieldReader
  /** Bytes that arrived in the sink. */
  readonly dataBytes: number
}

interface Pending {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  readonly sink: Uint8Array | undefined
}

const NO_FIELDS = new FieldReader(Buffer.alloc(0))

/**
 * Requests to the server and its answers, matched by their numbers; any number may be under way. When the connection ends,
 * or nothing arrives for too long while answers are awaited, all of them fail with trouble that may pass.
 */
export class RequestChannel {
  readonly #channel: SshChannel
  readonly #location: string
  readonly #stuckAfterMs: number
  readonly #pending = new Map<number, Pending>()
  readonly #reader: PacketReader
  #nextId = 1
  #greeting: Pending | undefined
  #failure: BackendError | undefined
  #watch: NodeJS.Timeout | undefined

  constructor(channel: SshChannel, location: string, stuckAfterMs: number) {
    this.#channel = channel
    this.#location = location
    this.#stuckAfterMs = stuckAfterMs
    this.#reader = new PacketReader({
      sinkFor: (id, dataBytes) => {
        const sink = this.#pending.get(id)?.sink
        return sink !== undefined && sink.length >= dataBytes ? sink : undefined
      },
      filled: (id, dataBytes) => this.#settle(id, { type: PacketType.data, fields: NO_FIELDS, dataBytes }),
      packet: (type, id, body) => this.#receive(type, id, body),
    })
    channel.fromServer.on('data', (chunk: Buffer) => this.#push(chunk))
    // What is wrong with the streams is told by the end of the channel.
    channel.fromServer.on('error', () => undefined)
    channel.toServer.on('error', () => undefined)
    void channel.ended.then((end) => this.#end(end.reason, end.refusal))
  }

  get isOpen(): boolean {
    return this.#failure === undefined
  }

  /** Sends the packet that begins the conversation. @returns the fields of the answer */
  async greet(version: number): Promise<FieldReader> {
    const packet = Buffer.alloc(9)
    packet.writeUInt32BE(5, 0)
    packet.writeUInt8(PacketType.init, 4)
    packet.writeUInt32BE(version, 5)
    const answer = await new Promise<Answer>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      this.#greeting = { resolve, reject, sink: undefined }
      this.#awaitProgress()
      this.#channel.toServer.write(packet)
    })
    return answer.fields
  }

  /**
   * @param content sent after the fields, without being copied: it must not change until the answer is there
   * @param sink where the data of the answer goes
   */
  async send(type: number, fields: Buffer, content?: Uint8Array, sink?: Uint8Array): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const id = this.#takeId()
      const head = Buffer.allocUnsafe(9)
      head.writeUInt32BE(5 + fields.length + (content?.length ?? 0), 0)
      head.writeUInt8(type, 4)
      head.writeUInt32BE(id, 5)
      this.#pending.set(id, { resolve, reject, sink })
      this.#awaitProgress()
      const { toServer } = this.#channel
      if (content === undefined) return void toServer.write(Buffer.concat([head, fields]))
      toServer.cork()
      toServer.write(Buffer.concat([head, fields]))
      toServer.write(content)
      toServer.uncork()
    })
  }

  async close(): Promise<void> {
    this.#fail(new BackendError(`the connection to ${this.#location} was closed`))
    await this.#channel.close()
  }

  /** Ends the connection now; everything under way fails. */
  destroy(reason: string): void {
    this.#end(reason, undefined)
    this.#channel.destroy()
  }

  #takeId(): number {
    do this.#nextId = (this.#nextId + 1) % 2 ** 32
    while (this.#pending.has(this.#nextId))
    return this.#nextId
  }

  #push(chunk: Buffer): void {
    if (this.#failure) return
    this.#watch?.refresh()
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof NotSftpError)) throw error
      this.#fail(
        new BackendError(`cannot open the repository in ${this.#location}: ${error.message}`, {
          hint: 'a login script that prints something is the usual reason; and the account must be allowed to use SFTP: try `sftp` by hand',
          cause: error,
        }),
      )
      this.#channel.destroy()
    }
  }

  #receive(type: number, id: number, body: Buffer): void {
    const answer = { type, fields: new FieldReader(body), dataBytes: 0 }
    if (type !== PacketType.version) return this.#settle(id, answer)
    this.#greeting?.resolve(answer)
    this.#greeting = undefined
    this.#relax()
  }

  #settle(id: number, answer: Answer): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    this.#relax()
    pending?.resolve(answer)
  }

  #awaitProgress(): void {
    if (this.#watch !== undefined) return
    this.#watch = setTimeout(
      () => this.destroy(`nothing arrived for ${this.#stuckAfterMs / 1000} s`),
      this.#stuckAfterMs,
    )
  }

  #relax(): void {
    if (this.#pending.size > 0 || this.#greeting !== undefined) return
    clearTimeout(this.#watch)
    this.#watch = undefined
  }

  #end(reason: string, refusal: BackendError | undefined): void {
    const lost = new BackendError(`the connection to ${this.#location} was lost${reason === '' ? '' : `: ${reason}`}`, {
      hint: 'check that the server runs and can be reached, then run the same command again',
      transient: true,
    })
    this.#fail(this.#greeting === undefined ? lost : (refusal ?? lost))
  }

  #fail(error: BackendError): void {
    if (this.#failure) return
    this.#failure = error
    clearTimeout(this.#watch)
    this.#watch = undefined
    this.#greeting?.reject(error)
    this.#greeting = undefined
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}
