import { posix } from 'node:path'
import { mapConcurrently } from '../concurrency.ts'
import { InvalidInputError } from '../errors.ts'
import {
  BackendError,
  checkFileName,
  describeFile,
  FileExistsError,
  FileMissingError,
  RangeOutsideFileError,
  type Backend,
  type FileKind,
  type ReadOptions,
  type StoredFile,
  type WriteOptions,
} from './backend.ts'
import type { Bandwidth } from './bandwidth.ts'
import { fileAt, folderOf, foldersOf, PACK_FOLDERS } from './layout.ts'
import { BuiltinSsh } from './sftp/builtin-ssh.ts'
import { explainStatus } from './sftp/explain-status.ts'
import { SftpViolationError } from './sftp/fields.ts'
import { makeFolders, makeFolderWithParents, syncFolder } from './sftp/folders.ts'
import { listFolder } from './sftp/listing.ts'
import { locationOf, type SftpOptions } from './sftp/options.ts'
import { publishInPlace, SftpPublisher } from './sftp/publish.ts'
import { readRange } from './sftp/read-range.ts'
import { RequestChannel } from './sftp/request-channel.ts'
import { SessionPool, untilAborted } from './sftp/session-pool.ts'
import { SftpSession, type Extension, type FileSystemState } from './sftp/session.ts'
import type { SshTransport } from './sftp/ssh-channel.ts'
import { hasStatus, SftpStatusError } from './sftp/status.ts'
import { sweepTemporaryFiles } from './sftp/sweep.ts'
import { hasSystemSsh, SystemSsh } from './sftp/system-ssh.ts'
import { discard, writeTemporaryFile } from './sftp/temporary-file.ts'

export type { SftpClient, SftpOptions } from './sftp/options.ts'

/** Pack folders that are listed at the same time. */
const FOLDERS_AT_ONCE = 32
/** More are only opened while these are busy; a server admits ten at most by default. */
const MOST_SESSIONS = 3
const STUCK_AFTER_MS = 5 * 60_000
/** What a pack of unknown size is taken for when work is shared out. */
const USUAL_PACK_BYTES = 16 * 1024 * 1024

/** Permission bits of what a repository is made of: as restic has them over SFTP. */
interface Modes {
  readonly folder: number
  readonly file: number
}

const OWNER_ONLY: Modes = { folder: 0o700, file: 0o600 }
const WITH_GROUP: Modes = { folder: 0o770, file: 0o660 }

/**
 * A repository on a server with SSH. Connects and looks at the permissions of `config`; the folder need not exist yet.
 *
 * @param ignored extensions of SFTP not to use although the server offers them
 * @throws {BackendError} the server cannot be reached, is not the one it was, or does not let us in
 * @throws {InvalidInputError} options that contradict each other
 */
export async function openSftpBackend(
  options: SftpOptions,
  ignored: ReadonlySet<Extension> = new Set(),
): Promise<SftpBackend> {
  checkOptions(options)
  const location = locationOf(options)
  const transport = await transportFor(options)
  let { signal } = options
  const pool = new SessionPool(() => connect(transport, location, { ...options, signal }, ignored), MOST_SESSIONS)
  try {
    return await pool.use(0, signal, async (session) => {
      const modes = await modesOf(session, options.path, location)
      return new SftpBackend(options, { transport, pool, modes, tellsSpace: session.offers('statvfs@openssh.com') })
    })
  } catch (error) {
    await pool.close()
    await transport[Symbol.asyncDispose]()
    throw error
  } finally {
    // What is tidied up after an abort may need a new connection.
    signal = undefined
  }
}

interface Parts {
  readonly transport: SshTransport
  readonly pool: SessionPool
  readonly modes: Modes
  readonly tellsSpace: boolean
}

/** Files of a repository on a server, laid out as §2 says and written as §21 says. */
export class SftpBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly freeBytes?: () => Promise<number>
  readonly #root: string
  readonly #transport: SshTransport
  readonly #pool: SessionPool
  readonly #modes: Modes
  readonly #bandwidth: Bandwidth | undefined
  readonly #publisher = new SftpPublisher()

  constructor(options: SftpOptions, { transport, pool, modes, tellsSpace }: Parts) {
    this.location = locationOf(options)
    this.connections = options.connections ?? 5
    this.#root = options.path
    this.#transport = transport
    this.#pool = pool
    this.#modes = modes
    this.#bandwidth = options.bandwidth
    if (tellsSpace) this.freeBytes = () => this.#freeBytes()
  }

  async create(signal?: AbortSignal): Promise<void> {
    await this.#using({ doing: 'create the repository', signal }, async (session) => {
      const folders = foldersOf(this.#root)
      const [kinds, packs] = [folders.slice(0, -PACK_FOLDERS.length), folders.slice(-PACK_FOLDERS.length)]
      await makeFolderWithParents(session, this.#root, this.#modes.folder)
      await makeFolders(session, kinds, this.#modes.folder, signal)
      await makeFolders(session, packs, this.#modes.folder, signal)
      for (const changed of [folderOf(this.#root, 'pack'), this.#root, posix.dirname(this.#root)]) {
        await syncFolder(session, changed)
      }
    })
  }

  async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const path = this.#pathOf(kind, name)
    const bytes = options.length ?? (kind === 'pack' ? USUAL_PACK_BYTES : 0)
    return this.#ofFile('read', kind, name, { bytes, signal: options.signal }, (session) =>
      untilAborted(
        readRange(
          session,
          path,
          options,
          this.#bandwidth,
          (wantedEnd, size) => new RangeOutsideFileError(this.location, kind, name, wantedEnd, size),
        ),
        options.signal,
      ),
    )
  }

  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const final = this.#pathOf(kind, name)
    const { signal } = options
    const call = { doing: `write ${describeFile(kind, name)}`, bytes: content.length, signal, writes: content.length }
    await this.#using(call, async (session) => {
      const temporary = await this.#inFolderOf(session, final, () =>
        writeTemporaryFile(session, final, content, { mode: this.#modes.file, signal, bandwidth: this.#bandwidth }),
      )
      const stored = await this.#makeVisible(session, temporary, final, options.replace ?? false)
      // Also when another writer was first: whoever is told that the file exists may rely on it.
      await syncFolder(session, posix.dirname(final))
      if (!stored) throw new FileExistsError(this.location, kind, name)
    })
  }

  async size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    const path = this.#pathOf(kind, name)
    const { size } = await this.#ofFile('look at', kind, name, { signal }, (session) =>
      untilAborted(session.stat(path), signal),
    )
    return size
  }

  /** An absent folder is an empty one as long as the repository itself is there, and an error when it has gone. */
  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    signal?.throwIfAborted()
    const folder = folderOf(this.#root, kind)
    if (kind !== 'pack') yield* await this.#listFolder(folder, kind, '', signal)
    else yield* this.#listPacks(folder, signal)
  }

  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    const path = this.#pathOf(kind, name)
    await this.#ofFile('remove', kind, name, { signal }, async (session) => {
      await session.remove(path)
      // Packs go only after the index that names them has gone for good; nothing follows from a removed pack or lock.
      if (kind !== 'pack' && kind !== 'lock') await syncFolder(session, posix.dirname(path))
    })
  }

  async sweepTemporary(olderThanMs: number, signal?: AbortSignal): Promise<{ files: number; bytes: number }> {
    return this.#using({ doing: 'remove left-over files', signal }, (session) =>
      sweepTemporaryFiles(session, this.#root, Date.now() - olderThanMs, signal),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close()
    await this.#transport[Symbol.asyncDispose]()
  }

  #pathOf(kind: FileKind, name: string): string {
    checkFileName(kind, name)
    return fileAt(this.#root, kind, name)
  }

  async #freeBytes(): Promise<number> {
    return this.#using({ doing: 'look at the free space' }, async (session) => {
      return (await session.fileSystem(this.#root)).freeBytes
    })
  }

  async #makeVisible(session: SftpSession, temporary: string, final: string, replace: boolean): Promise<boolean> {
    try {
      if (replace) await publishInPlace(session, temporary, final)
      else if (!(await this.#publisher.publish(session, temporary, final))) {
        await discard(session, temporary)
        return false
      }
      return true
    } catch (error) {
      await discard(session, temporary)
      throw error
    }
  }

  async *#listPacks(data: string, signal: AbortSignal | undefined): AsyncGenerator<StoredFile> {
    for (let start = 0; start < PACK_FOLDERS.length; start += FOLDERS_AT_ONCE) {
      const prefixes = PACK_FOLDERS.slice(start, start + FOLDERS_AT_ONCE)
      const listed = await mapConcurrently(prefixes, FOLDERS_AT_ONCE, (prefix) =>
        this.#listFolder(`${data}/${prefix}`, 'pack', prefix, signal),
      )
      for (const files of listed) yield* files
    }
  }

  async #listFolder(folder: string, kind: FileKind, prefix: string, signal: AbortSignal | undefined) {
    return this.#using({ doing: `list the ${kind} files`, signal }, async (session) => {
      const files = await untilAborted(listFolder(session, folder, prefix), signal)
      if (files === undefined) await this.#requireRepository(session)
      return files ?? []
    })
  }

  /** Runs `write` and, when the folder of `path` is missing, makes the folder and runs it once more. */
  async #inFolderOf<T>(session: SftpSession, path: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!hasStatus(error, 'noSuchFile')) throw error
    }
    await this.#requireRepository(session)
    const folder = posix.dirname(path)
    await makeFolderWithParents(session, folder, this.#modes.folder)
    await syncFolder(session, posix.dirname(folder))
    return write()
  }

  /** A disk that the server has lost must not look like a repository without snapshots, and not be written around. */
  async #requireRepository(session: SftpSession): Promise<void> {
    try {
      await session.stat(fileAt(this.#root, 'config', ''))
    } catch (error) {
      if (!hasStatus(error, 'noSuchFile')) throw error
      throw new BackendError(`there is no repository in ${this.location}`, {
        hint: 'check the path, and that the disk on the server is connected and mounted',
        cause: error,
      })
    }
  }

  async #ofFile<T>(
    verb: string,
    kind: FileKind,
    name: string,
    call: Omit<Call, 'doing'>,
    run: (session: SftpSession) => Promise<T>,
  ): Promise<T> {
    return this.#using({ ...call, doing: `${verb} ${describeFile(kind, name)}` }, async (session) => {
      try {
        return await run(session)
      } catch (error) {
        if (hasStatus(error, 'noSuchFile')) throw new FileMissingError(this.location, kind, name)
        throw error
      }
    })
  }

  async #using<T>(call: Call, run: (session: SftpSession) => Promise<T>): Promise<T> {
    return this.#pool.use(call.bytes ?? 0, call.signal, async (session) => {
      try {
        return await run(session)
      } catch (error) {
        if (error instanceof SftpViolationError) throw violation(this.location, call.doing, error)
        if (!(error instanceof SftpStatusError)) throw error
        const fileSystem = await fileSystemOf(session, this.#root)
        const { doing, writes: neededBytes = 0 } = call
        throw explainStatus({ error, doing, location: this.location, fileSystem, neededBytes })
      }
    })
  }
}

interface Call {
  /** For messages: what is attempted. */
  readonly doing: string
  /** How much it moves. */
  readonly bytes?: number
  /** How much room it needs. */
  readonly writes?: number
  readonly signal?: AbortSignal | undefined
}

function checkOptions({ host, path, client, password, program, sshArguments }: SftpOptions): void {
  if (!/^[^\s-][^\s]*$/.test(host)) throw new InvalidInputError(`${JSON.stringify(host)} is not the name of a server`)
  if (path === '') throw new InvalidInputError('the path on the SFTP server is empty')
  if (path === '~' || path.startsWith('~/')) {
    throw new InvalidInputError('SFTP servers do not know what ~ means', {
      hint: 'leave `~/` out: a relative path begins in the home of the user',
    })
  }
  const isSystemOnly = program !== undefined || sshArguments !== undefined
  if (isSystemOnly && client === 'builtin') {
    throw new InvalidInputError('a command or arguments for ssh do not go together with the built-in SFTP client')
  }
  if (password !== undefined && (isSystemOnly || client === 'system')) {
    throw new InvalidInputError("the system's ssh takes no password from us", {
      hint: 'use a key, or the built-in client: `-o sftp.client=builtin`',
    })
  }
}

async function transportFor(options: SftpOptions): Promise<SshTransport> {
  const { client, program, sshArguments, password, environment } = options
  if (program !== undefined || sshArguments !== undefined || client === 'system') return new SystemSsh(options)
  if (client === 'builtin' || password !== undefined) return new BuiltinSsh(options)
  return (await hasSystemSsh(environment)) ? new SystemSsh(options) : new BuiltinSsh(options)
}

async function connect(
  transport: SshTransport,
  location: string,
  { stuckAfterMs = STUCK_AFTER_MS, signal }: Pick<SftpOptions, 'stuckAfterMs'> & { signal: AbortSignal | undefined },
  ignored: ReadonlySet<string>,
): Promise<SftpSession> {
  const channel = await transport.open(signal)
  const giveUp = () => channel.destroy()
  signal?.addEventListener('abort', giveUp)
  try {
    signal?.throwIfAborted()
    return await SftpSession.open(new RequestChannel(channel, location, stuckAfterMs), ignored)
  } catch (error) {
    channel.destroy()
    if (error instanceof SftpViolationError) throw violation(location, 'open the repository', error)
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

function violation(location: string, doing: string, cause: SftpViolationError): BackendError {
  return new BackendError(`cannot ${doing} in ${location}: the server breaks the rules of SFTP: ${cause.message}`, {
    hint: 'look for an update of the server',
    cause,
  })
}

/** Group members share a repository whose `config` they may read; all others belong to their owner alone. */
async function modesOf(session: SftpSession, root: string, location: string): Promise<Modes> {
  try {
    const { mode } = await session.stat(fileAt(root, 'config', ''))
    return mode & 0o040 ? WITH_GROUP : OWNER_ONLY
  } catch (error) {
    if (hasStatus(error, 'noSuchFile')) return OWNER_ONLY
    if (!(error instanceof SftpStatusError)) throw error
    throw explainStatus({ error, doing: 'open the repository', location, fileSystem: undefined, neededBytes: 0 })
  }
}

/** For the reason of a refusal, which is reported in any case. */
async function fileSystemOf(session: SftpSession, root: string): Promise<FileSystemState | undefined> {
  if (!session.offers('statvfs@openssh.com')) return undefined
  return session.fileSystem(root).catch(() => undefined)
}
