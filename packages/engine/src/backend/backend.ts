import { InvalidInputError, KnownError, type KnownErrorOptions } from '../errors.ts'
import { isId } from '../ids.ts'

/** What a stored file is; `config` is one file and has the empty name, all others are named by their id. */
export type FileKind = 'config' | 'key' | 'lock' | 'snapshot' | 'index' | 'pack'

export interface ReadOptions {
  /** First byte wanted; 0 by default. */
  readonly offset?: number
  /** Bytes wanted; all up to the end by default. */
  readonly length?: number
  readonly signal?: AbortSignal
  /** The pack holds trees, which are read again and again: a cache keeps it. */
  readonly holdsTrees?: boolean
}

export interface StoredFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
}

export interface WriteOptions {
  readonly signal?: AbortSignal
  /** Replace what is there, atomically where the storage can. Only `config` is ever replaced, and a damaged snapshot by itself. */
  readonly replace?: boolean
  /** As in {@link ReadOptions}. */
  readonly holdsTrees?: boolean
  /**
   * The name is the SHA-256 of the content, so that nobody else stores anything else under it. A storage may check what
   * arrives against it, and need not ask whether there is such a file.
   */
  readonly isNamedByContent?: boolean
}

/**
 * Where a repository's files live. Implementations promise: a file is visible whole or not at all; a finished write is
 * durable and is seen by every later read and list; an aborted write leaves nothing that a list shows, and neither does a
 * failed one, unless all but the last step was done: then the whole file may be there, but not for sure after a loss of
 * power; nothing here retries, caches or limits; names are not checked against content. Trouble that may pass is thrown
 * with `transient: true`; an abort is thrown as the signal's reason.
 */
export interface Backend extends AsyncDisposable {
  /** For messages: kind and place, never a secret. */
  readonly location: string
  /** How many operations are worth running at the same time. */
  readonly connections: number
  /** Makes the folders of a new repository; harmless when they exist. */
  create(signal?: AbortSignal): Promise<void>
  /**
   * @returns memory of the caller's own, which it may change or transfer
   * @throws {FileMissingError} no such file
   * @throws {RangeOutsideFileError} the range ends after the last byte; never fewer bytes than asked for
   */
  read(kind: FileKind, name: string, options?: ReadOptions): Promise<Uint8Array>
  /**
   * @param content must not change until the write is over; it is not kept
   * @throws {FileExistsError} `name` is already stored, durably, and `replace` was not asked for
   */
  write(kind: FileKind, name: string, content: Uint8Array, options?: WriteOptions): Promise<void>
  /** @returns bytes; @throws {FileMissingError} */
  size(kind: FileKind, name: string, signal?: AbortSignal): Promise<number>
  /** Every file of that kind whose name is an id, in any order, each once. An absent folder is an empty one. */
  list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal): AsyncIterable<StoredFile>
  /** @throws {FileMissingError} */
  remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void>
  /** Path of the file on this machine, when workers may read it themselves. */
  localPath?(kind: FileKind, name: string): string
  /** Bytes that still fit, where the storage can tell. */
  freeBytes?(): Promise<number>
  /**
   * Removes what killed programs left half written, of packs, indexes and snapshots, where the storage can have such files.
   * Only while nobody else can be writing: under an exclusive lock.
   *
   * @param olderThanMs files that were written to since then are left alone
   * @returns what was removed; what cannot be removed is left
   */
  sweepTemporary?(olderThanMs: number, signal?: AbortSignal): Promise<{ files: number; bytes: number }>
  /**
   * Where the storage keeps files from being removed for a time: extends it for those whose time is half over, as regular
   * maintenance. Takes a request for each file, and repeats what may succeed later.
   *
   * @returns how many files are kept longer than before
   */
  renewRetention?(signal?: AbortSignal): Promise<{ renewed: number }>
}

/** No such file in the repository. */
export class FileMissingError extends KnownError {
  override readonly name = 'FileMissingError'
  readonly code = 'FILE_MISSING'
  readonly kind: FileKind
  readonly fileName: string

  constructor(location: string, kind: FileKind, fileName: string) {
    super(`${describeFile(kind, fileName)} is not in ${location}`, {
      hint: 'run `hikae check` to see what the repository lacks',
    })
    this.kind = kind
    this.fileName = fileName
  }
}

/** A write would have replaced a stored file. */
export class FileExistsError extends KnownError {
  override readonly name = 'FileExistsError'
  readonly code = 'FILE_EXISTS'

  constructor(location: string, kind: FileKind, fileName: string) {
    super(`${describeFile(kind, fileName)} is already in ${location}`)
  }
}

/** The file is shorter than its reader was told. */
export class RangeOutsideFileError extends KnownError {
  override readonly name = 'RangeOutsideFileError'
  readonly code = 'RANGE_OUTSIDE_FILE'

  constructor(location: string, kind: FileKind, fileName: string, wantedEnd: number, size: number) {
    super(`${describeFile(kind, fileName)} in ${location} has ${size} bytes, ${wantedEnd} were expected`, {
      hint: 'the file is truncated: run `hikae check`',
    })
  }
}

export interface BackendErrorOptions extends KnownErrorOptions {
  /** When the storage asked not to be called again before that: milliseconds from now. */
  readonly retryAfterMs?: number
}

/** The storage refused or failed; the cause says how. */
export class BackendError extends KnownError {
  override readonly name = 'BackendError'
  readonly code = 'BACKEND'
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: BackendErrorOptions = {}) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs
  }
}

/**
 * Refuses names that no repository has, so that a damaged or hostile index can never lead out of the repository.
 *
 * @throws {InvalidInputError}
 */
export function checkFileName(kind: FileKind, name: string): void {
  const fits = kind === 'config' ? name === '' : isId(name)
  if (!fits) throw new InvalidInputError(`${JSON.stringify(name)} is not the name of a ${kind} file`)
}

export function describeFile(kind: FileKind, name: string): string {
  return kind === 'config' ? 'the config file' : `${kind} ${name.slice(0, 8)}`
}
