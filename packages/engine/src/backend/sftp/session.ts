import { FieldWriter, SftpViolationError, type FieldReader } from './fields.ts'
import { OpenFlag, PacketType } from './packet-type.ts'
import { RequestChannel, type Answer } from './request-channel.ts'
import { hasStatus, SftpStatusError, StatusCode } from './status.ts'

/** What this client uses beyond SFTP version 3 where the server offers it (OpenSSH's file PROTOCOL, section 4). */
export type Extension =
  | 'posix-rename@openssh.com'
  | 'hardlink@openssh.com'
  | 'fsync@openssh.com'
  | 'statvfs@openssh.com'
  | 'limits@openssh.com'
  | 'lsetstat@openssh.com'

/** Bytes of data that every server takes and gives in one packet. */
const SAFE_BYTES = 32 * 1024
/** More is no use: OpenSSH allows 255 KiB. */
const LARGEST_BYTES = 255 * 1024

const SIZE = 1
const OWNER = 2
const PERMISSIONS = 4
const TIMES = 8
const EXTENDED = 0x8000_0000

const TYPE_MASK = 0o170_000
const TYPES: Readonly<Record<number, FileType>> = { 0o100_000: 'file', 0o040_000: 'folder', 0o120_000: 'link' }

export type FileType = 'file' | 'folder' | 'link' | 'other'

export interface FileAttributes {
  /** Undefined when the server does not tell. */
  readonly type: FileType | undefined
  /** Bytes. */
  readonly size: number
  /** Permission bits; 0 when the server does not tell. */
  readonly mode: number
  /** Epoch seconds; undefined when the server does not tell. */
  readonly modified: number | undefined
}

export interface FolderEntry {
  readonly name: string
  readonly attributes: FileAttributes
}

export interface FileSystemState {
  /** Bytes that this user may still write. */
  readonly freeBytes: number
  readonly isReadOnly: boolean
}

/** What a server calls an open file or folder. */
export type Handle = Buffer

/**
 * SFTP version 3 on one channel. Every method is one request, and any number of them may be under way; a refusal is thrown
 * as SftpStatusError, the loss of the connection as BackendError.
 */
export class SftpSession {
  readonly #requests: RequestChannel
  #extensions: ReadonlySet<string> = new Set()
  #readBytes = SAFE_BYTES
  #writeBytes = SAFE_BYTES

  private constructor(requests: RequestChannel) {
    this.#requests = requests
  }

  /** @param ignored extensions not to use although they are offered */
  static async open(requests: RequestChannel, ignored: ReadonlySet<string> = new Set()): Promise<SftpSession> {
    const session = new SftpSession(requests)
    const fields = await requests.greet(3)
    const extensions = new Set<string>()
    fields.u32()
    while (!fields.isAtEnd) {
      const name = fields.text()
      fields.string()
      if (!ignored.has(name)) extensions.add(name)
    }
    session.#extensions = extensions
    if (session.offers('limits@openssh.com')) await session.#learnLimits()
    return session
  }

  get isOpen(): boolean {
    return this.#requests.isOpen
  }

  /** Most bytes that one read brings. */
  get readBytes(): number {
    return this.#readBytes
  }

  /** Most bytes that one write takes. */
  get writeBytes(): number {
    return this.#writeBytes
  }

  offers(extension: Extension): boolean {
    return this.#extensions.has(extension)
  }

  async openFile(path: string, flags: number, mode?: number): Promise<Handle> {
    const fields = new FieldWriter().string(path).u32(flags)
    if (mode === undefined) fields.u32(0)
    else fields.u32(PERMISSIONS).u32(mode)
    return this.#handle(await this.#send(PacketType.open, fields), path)
  }

  async openFolder(path: string): Promise<Handle> {
    return this.#handle(await this.#send(PacketType.openFolder, new FieldWriter().string(path)), path)
  }

  async close(handle: Handle): Promise<void> {
    this.#done(await this.#send(PacketType.close, new FieldWriter().string(handle)))
  }

  /** @returns bytes that arrived in `sink`; fewer than it holds when the server likes, 0 at the end of the file */
  async read(handle: Handle, offset: number, sink: Uint8Array): Promise<number> {
    const fields = new FieldWriter().string(handle).u64(offset).u32(sink.length)
    const answer = await this.#requests.send(PacketType.read, fields.bytes(), undefined, sink)
    if (answer.type === PacketType.data) return answer.dataBytes
    const error = refusal(answer, undefined)
    if (hasStatus(error, 'endOfFile')) return 0
    throw error
  }

  /** @param content must not change until this returns */
  async write(handle: Handle, offset: number, content: Uint8Array): Promise<void> {
    const fields = new FieldWriter().string(handle).u64(offset).u32(content.length)
    this.#done(await this.#requests.send(PacketType.write, fields.bytes(), content))
  }

  /** Follows links. */
  async stat(path: string): Promise<FileAttributes> {
    return this.#attributes(await this.#send(PacketType.stat, new FieldWriter().string(path)), path)
  }

  async lstat(path: string): Promise<FileAttributes> {
    return this.#attributes(await this.#send(PacketType.lstat, new FieldWriter().string(path)), path)
  }

  async setMode(handle: Handle, mode: number): Promise<void> {
    const fields = new FieldWriter().string(handle).u32(PERMISSIONS).u32(mode)
    this.#done(await this.#send(PacketType.fsetstat, fields))
  }

  /** @returns some more of the folder's entries; undefined when there are no more */
  async readFolder(handle: Handle): Promise<FolderEntry[] | undefined> {
    const answer = await this.#send(PacketType.readFolder, new FieldWriter().string(handle))
    if (answer.type !== PacketType.name) {
      const error = refusal(answer, undefined)
      if (hasStatus(error, 'endOfFile')) return undefined
      throw error
    }
    const entries: FolderEntry[] = []
    for (let left = answer.fields.u32(); left > 0; left--) {
      const name = answer.fields.text()
      answer.fields.string()
      entries.push({ name, attributes: attributesOf(answer.fields) })
    }
    return entries
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    const fields = new FieldWriter().string(path).u32(PERMISSIONS).u32(mode)
    this.#done(await this.#send(PacketType.makeFolder, fields), path)
  }

  async remove(path: string): Promise<void> {
    this.#done(await this.#send(PacketType.remove, new FieldWriter().string(path)), path)
  }

  /** OpenSSH's server refuses a taken name here; others may replace the file. */
  async rename(from: string, to: string): Promise<void> {
    this.#done(await this.#send(PacketType.rename, new FieldWriter().string(from).string(to)), from)
  }

  /** Replaces `to` in one step. Only where `posix-rename@openssh.com` is offered. */
  async replace(from: string, to: string): Promise<void> {
    const fields = new FieldWriter().string(from).string(to)
    this.#done(await this.#extended('posix-rename@openssh.com', fields), from)
  }

  /** Only where `hardlink@openssh.com` is offered. */
  async link(existing: string, fresh: string): Promise<void> {
    const fields = new FieldWriter().string(existing).string(fresh)
    this.#done(await this.#extended('hardlink@openssh.com', fields), existing)
  }

  /** Returns when the file is on the server's disk. Only where `fsync@openssh.com` is offered. */
  async sync(handle: Handle): Promise<void> {
    this.#done(await this.#extended('fsync@openssh.com', new FieldWriter().string(handle)))
  }

  /** Only where `statvfs@openssh.com` is offered. */
  async fileSystem(path: string): Promise<FileSystemState> {
    const answer = await this.#extended('statvfs@openssh.com', new FieldWriter().string(path))
    if (answer.type !== PacketType.extendedReply) throw refusal(answer, path)
    const [, fragmentBytes, , , freeBlocks, , , , , flags] = Array.from({ length: 11 }, () => answer.fields.u64())
    return { freeBytes: freeBlocks! * fragmentBytes!, isReadOnly: (flags! & 1) === 1 }
  }

  async end(): Promise<void> {
    await this.#requests.close()
  }

  /** Ends the connection now; everything under way fails as trouble that may pass. */
  destroy(reason: string): void {
    this.#requests.destroy(reason)
  }

  async #learnLimits(): Promise<void> {
    const answer = await this.#extended('limits@openssh.com', new FieldWriter())
    if (answer.type !== PacketType.extendedReply) throw refusal(answer, undefined)
    const [, readBytes, writeBytes] = Array.from({ length: 4 }, () => answer.fields.u64())
    // 0 means that the server knows no limit, which nobody should take at its word.
    if (readBytes! > 0) this.#readBytes = Math.min(readBytes!, LARGEST_BYTES)
    if (writeBytes! > 0) this.#writeBytes = Math.min(writeBytes!, LARGEST_BYTES)
  }

  #send(type: number, fields: FieldWriter): Promise<Answer> {
    return this.#requests.send(type, fields.bytes())
  }

  #extended(name: Extension, fields: FieldWriter): Promise<Answer> {
    return this.#requests.send(
      PacketType.extended,
      Buffer.concat([new FieldWriter().string(name).bytes(), fields.bytes()]),
    )
  }

  #done(answer: Answer, path?: string): void {
    const { code, text } = statusOf(answer)
    if (code !== StatusCode.ok) throw new SftpStatusError(code, text, path)
  }

  #handle(answer: Answer, path: string): Handle {
    if (answer.type !== PacketType.handle) throw refusal(answer, path)
    return Buffer.from(answer.fields.string())
  }

  #attributes(answer: Answer, path: string): FileAttributes {
    if (answer.type !== PacketType.attributes) throw refusal(answer, path)
    return attributesOf(answer.fields)
  }
}

/** Opens a file that must not exist yet, for writing. */
export const CREATE = OpenFlag.write | OpenFlag.create | OpenFlag.exclusive

function refusal(answer: Answer, path: string | undefined): SftpStatusError {
  const { code, text } = statusOf(answer)
  return new SftpStatusError(code, text, path)
}

function statusOf({ type, fields }: Answer): { code: number; text: string } {
  if (type !== PacketType.status) throw new SftpViolationError(`an answer has the unexpected type ${type}`)
  const code = fields.u32()
  return { code, text: fields.isAtEnd ? '' : fields.text() }
}

function attributesOf(fields: FieldReader): FileAttributes {
  const flags = fields.u32()
  const size = flags & SIZE ? fields.u64() : 0
  if (flags & OWNER) for (let left = 2; left > 0; left--) fields.u32()
  const mode = flags & PERMISSIONS ? fields.u32() : undefined
  const times = flags & TIMES ? [fields.u32(), fields.u32()] : []
  // `>>>` because the flag is the sign bit.
  if ((flags & EXTENDED) >>> 0) for (let left = fields.u32() * 2; left > 0; left--) fields.string()
  return {
    type: mode === undefined ? undefined : (TYPES[mode & TYPE_MASK] ?? 'other'),
    size,
    mode: (mode ?? 0) & 0o7777,
    modified: times[1],
  }
}
