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
} from '../backend.ts'
import { mapConcurrently } from '../../concurrency.ts'
import { sha256Id } from '../../crypto/hash.ts'
import { explainStatus, explainTransport } from '../http/http-error.ts'
import {
  announcedBytes,
  discardBody,
  readBody,
  readText,
  type HttpRequest,
  type HttpResponse,
  type HttpSender,
} from '../http/http-message.ts'
import { folderOf } from '../layout.ts'
import { parseContentRange } from './content-range.ts'
import { parseFileList, VERSION_2 } from './file-list.ts'

export interface RestPlace {
  /** Ends with a slash. */
  readonly base: URL
  readonly location: string
  readonly connections: number
  /** For every request. */
  readonly headers: Readonly<Record<string, string>>
  /** What to do when access is refused. */
  readonly accessHint: string
  /** What the program in between said last, if there is one. */
  readonly lastWords?: () => Promise<string>
}

/** Beginning of what the server says about an error. */
const SAID_BYTES = 1000

const APPEND_ONLY_HINT = 'the server is append-only: run forget and prune on the server itself'

/**
 * Files of a repository behind restic's REST protocol, version 2 with lists of version 1 (§21). What it cannot promise:
 *
 * - Replacing (a config, a damaged snapshot) is removing and writing again, unless the server is rclone, which replaces: in
 *   between the file is not there, and if this program ends just then, it stays away.
 * - Servers may say that what has gone already was removed.
 * - rclone replaces what exists. We look first, but of several who write the same name at the same time each may win.
 */
export class RestBackend implements Backend {
  readonly location: string
  readonly connections: number
  readonly #sender: HttpSender
  readonly #place: RestPlace
  /** Known with the first answer. */
  #isRclone = false

  constructor(sender: HttpSender, place: RestPlace) {
    this.location = place.location
    this.connections = place.connections
    this.#sender = sender
    this.#place = place
  }

  async create(signal?: AbortSignal): Promise<void> {
    const url = new URL('?create=true', this.#place.base)
    const doing = 'create the repository'
    const response = await this.#ask(doing, { method: 'POST', url, ...(signal && { signal }) })
    if (!isSuccess(response)) throw await this.#refusal(doing, response)
    await discardBody(response)
  }

  async read(kind: FileKind, name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const { offset = 0, length, signal } = options
    const url = this.#urlOf(kind, name)
    if (length === 0) return this.#readNothing(kind, name, offset, signal)
    const doing = `read ${describeFile(kind, name)}`
    const last = length === undefined ? '' : offset + length - 1
    const headers: Record<string, string> =
      offset === 0 && length === undefined ? {} : { range: `bytes=${offset}-${last}` }
    const response = await this.#ask(doing, { method: 'GET', url, headers, ...(signal && { signal }) })
    switch (response.status) {
      case 200:
        return this.#partOf(await this.#body(doing, response, signal), kind, name, offset, length)
      case 206:
        return this.#readPart(response, kind, name, offset, options)
      case 404:
        return this.#missing(doing, response, kind, name, signal)
      case 416:
        return this.#readPastEnd(doing, response, kind, name, options)
      default:
        throw await this.#refusal(doing, response)
    }
  }

  async write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { signal, replace = false } = options
    const url = this.#urlOf(kind, name)
    const doing = `write ${describeFile(kind, name)}`
    if (replace) await this.#makeRoom(kind, name, signal)
    else if (this.#isRclone) await this.#refuseExisting(kind, name, content, signal)
    const headers = { 'content-type': 'application/octet-stream' }
    const response = await this.#ask(doing, { method: 'POST', url, headers, body: content, ...(signal && { signal }) })
    if (isSuccess(response)) return discardBody(response)
    const refusal = await this.#refusal(doing, response)
    if (!replace && isConflict(response) && (await this.#sizeIfThere(kind, name, signal)) !== undefined) {
      throw new FileExistsError(this.location, kind, name)
    }
    if (response.status === 400 && kind !== 'config' && sha256Id(content) === name) {
      throw new BackendError(`${refusal.message}: the content may have been damaged on its way`, {
        hint: 'if this happens again, check the memory and the network of both machines',
        transient: true,
        cause: refusal,
      })
    }
    throw refusal
  }

  async size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number> {
    const doing = `look at ${describeFile(kind, name)}`
    const response = await this.#ask(doing, { method: 'HEAD', url: this.#urlOf(kind, name), ...(signal && { signal }) })
    if (response.status === 404) {
      await discardBody(response)
      const listed = await this.#listed(kind, name, signal)
      if (listed === undefined) throw new FileMissingError(this.location, kind, name)
      return listed.size
    }
    if (!isSuccess(response)) throw await this.#refusal(doing, response)
    await discardBody(response)
    const size = announcedBytes(response)
    if (size === undefined) throw this.#senseless(doing, 'the server does not tell how long the file is')
    return size
  }

  async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncGenerator<StoredFile> {
    const doing = `list the ${kind} files`
    const response = await this.#ask(doing, { method: 'GET', url: this.#folderUrl(kind), ...(signal && { signal }) })
    if (response.status === 404 && !this.#isRclone) return discardBody(response)
    if (!isSuccess(response)) throw await this.#refusal(doing, response)
    const text = Buffer.from(await this.#body(doing, response, signal)).toString()
    const list = parseFileList(text, response.headers['content-type'])
    if (list === undefined) throw this.#senseless(doing, 'what the server answered is no list of files')
    if ('files' in list) yield* list.files
    else yield* await this.#measured(kind, list.names, signal)
  }

  async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
    const doing = `remove ${describeFile(kind, name)}`
    const url = this.#urlOf(kind, name)
    const response = await this.#ask(doing, { method: 'DELETE', url, ...(signal && { signal }) })
    if (response.status === 404) return this.#missing(doing, response, kind, name, signal)
    if (!isSuccess(response)) throw await this.#refusal(doing, response, APPEND_ONLY_HINT)
    await discardBody(response)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender[Symbol.asyncDispose]()
  }

  /** No range has no bytes: whether the file is long enough is asked instead. */
  async #readNothing(kind: FileKind, name: string, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const size = await this.size(kind, name, signal)
    if (end > size) throw new RangeOutsideFileError(this.location, kind, name, end, size)
    return new Uint8Array(0)
  }

  /** The server says that the file has nothing of the range, which is right also when all up to the end was wanted. */
  async #readPastEnd(
    doing: string,
    response: HttpResponse,
    kind: FileKind,
    name: string,
    { offset = 0, length, signal }: ReadOptions,
  ): Promise<Uint8Array> {
    await discardBody(response)
    const nothing = await this.#readNothing(kind, name, offset + (length ?? 0), signal)
    if (length === undefined) return nothing
    throw this.#senseless(doing, 'the server refuses a part of the file that the file has')
  }

  /** What was asked for from an answer with the whole file: servers may ignore ranges. */
  #partOf(
    whole: Uint8Array,
    kind: FileKind,
    name: string,
    offset: number,
    length = Math.max(whole.length - offset, 0),
  ) {
    const end = offset + length
    if (end > whole.length) throw new RangeOutsideFileError(this.location, kind, name, end, whole.length)
    return length === whole.length ? whole : Uint8Array.from(whole.subarray(offset, end))
  }

  async #readPart(
    response: HttpResponse,
    kind: FileKind,
    name: string,
    offset: number,
    { length, signal }: ReadOptions,
  ): Promise<Uint8Array> {
    const doing = `read ${describeFile(kind, name)}`
    const range = parseContentRange(response.headers['content-range'])
    const size = range?.size
    const wantedEnd = length === undefined ? Math.max(offset, size ?? offset) : offset + length
    if (size !== undefined && wantedEnd > size) {
      await discardBody(response)
      throw new RangeOutsideFileError(this.location, kind, name, wantedEnd, size)
    }
    if (range?.start !== offset) {
      await discardBody(response)
      throw this.#senseless(doing, 'the server answers with another part of the file than it was asked for')
    }
    const expectedBytes = length ?? (size === undefined ? undefined : size - offset)
    return this.#body(doing, response, signal, expectedBytes)
  }

  /** Makes writing anew possible. */
  async #makeRoom(kind: FileKind, name: string, signal: AbortSignal | undefined): Promise<void> {
    // The first request of all may be this one: then it is not known yet whether the server replaces.
    if ((await this.#sizeIfThere(kind, name, signal)) === undefined || this.#isRclone) return
    try {
      await this.remove(kind, name, signal)
    } catch (error) {
      if (!(error instanceof FileMissingError)) throw error
    }
  }

  /**
   * rclone leaves the beginning of a file behind when it is killed: content with the right name may take the place of such a
   * part, or its upload could never be repeated.
   */
  async #refuseExisting(kind: FileKind, name: string, content: Uint8Array, signal: AbortSignal | undefined) {
    const size = await this.#sizeIfThere(kind, name, signal)
    const isPart = size !== undefined && size < content.length && sha256Id(content) === name
    if (size !== undefined && !isPart) throw new FileExistsError(this.location, kind, name)
  }

  async #sizeIfThere(kind: FileKind, name: string, signal: AbortSignal | undefined): Promise<number | undefined> {
    try {
      return await this.size(kind, name, signal)
    } catch (error) {
      if (error instanceof FileMissingError) return undefined
      throw error
    }
  }

  /** Sizes of files that the server only names; what is removed meanwhile is left out. */
  async #measured(kind: FileKind, names: readonly string[], signal: AbortSignal | undefined): Promise<StoredFile[]> {
    const files = await mapConcurrently(names, this.connections, async (name) => {
      try {
        return [{ name, size: await this.size(kind, name, signal) }]
      } catch (error) {
        if (error instanceof FileMissingError) return []
        throw error
      }
    })
    return files.flat()
  }

  async #missing(
    doing: string,
    response: HttpResponse,
    kind: FileKind,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    await discardBody(response)
    if ((await this.#listed(kind, name, signal)) === undefined) throw new FileMissingError(this.location, kind, name)
    throw this.#mayPass(doing, 'rclone cannot find a file that it lists')
  }

  /**
   * A file that the server called missing, if it is there. rclone calls a file missing also when its storage did not answer
   * (§21): only a list that lacks the file proves it. The config is in no list, and is believed to be missing.
   */
  async #listed(kind: FileKind, name: string, signal: AbortSignal | undefined): Promise<StoredFile | undefined> {
    if (!this.#isRclone || kind === 'config') return undefined
    for await (const file of this.list(kind, signal)) if (file.name === name) return file
    return undefined
  }

  async #ask(doing: string, request: HttpRequest): Promise<HttpResponse> {
    const headers = { ...this.#place.headers, ...request.headers, accept: VERSION_2, 'user-agent': 'hikae' }
    const response = await this.#explained(doing, request.signal, () => this.#sender.send({ ...request, headers }))
    this.#isRclone ||= response.headers['server']?.startsWith('rclone/') ?? false
    return response
  }

  async #body(
    doing: string,
    response: HttpResponse,
    signal: AbortSignal | undefined,
    expectedBytes?: number,
  ): Promise<Uint8Array> {
    return this.#explained(doing, signal, () =>
      readBody(response, expectedBytes === undefined ? {} : { expectedBytes }),
    )
  }

  async #explained<T>(doing: string, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (signal?.aborted) throw error
      throw explainTransport(error, { doing, location: this.location }) ?? error
    }
  }

  /** What an answer means that is no success. Reads the answer. */
  async #refusal(doing: string, response: HttpResponse, forbiddenHint?: string): Promise<BackendError> {
    const words = [await readText(response, SAID_BYTES), (await this.#place.lastWords?.()) ?? '']
    const said = words.filter((word) => word !== '').join('; ')
    // rclone says so whenever its storage does not answer.
    if (response.status === 404 && this.#isRclone) return this.#mayPass(doing, `rclone says: ${said.trim()}`)
    return explainStatus(response, {
      doing,
      location: this.location,
      accessHint: (response.status === 403 && forbiddenHint) || this.#place.accessHint,
      said,
    })
  }

  #mayPass(doing: string, reason: string): BackendError {
    return new BackendError(`cannot ${doing} in ${this.location}: ${reason}`, {
      hint: 'look at what rclone says; the same call may succeed later',
      transient: true,
    })
  }

  #senseless(doing: string, reason: string): BackendError {
    return new BackendError(`cannot ${doing} in ${this.location}: ${reason}`, {
      hint: 'check that the address is that of a repository on a REST server, and that no proxy changes its answers',
    })
  }

  #urlOf(kind: FileKind, name: string): URL {
    checkFileName(kind, name)
    return kind === 'config' ? new URL('config', this.#place.base) : new URL(name, this.#folderUrl(kind))
  }

  /** Packs lie directly in `data` here (§21). */
  #folderUrl(kind: Exclude<FileKind, 'config'>): URL {
    return new URL(`${folderOf('', kind)}/`, this.#place.base)
  }
}

function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300
}

/** How servers refuse to replace a file. */
function isConflict({ status }: HttpResponse): boolean {
  return status === 403 || status === 409 || status === 412
}
