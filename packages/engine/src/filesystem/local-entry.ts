import { readlinkSync } from 'node:fs'
import type { EntryMetadata, FileContent, FileEntry, SpecialEntry, SymlinkEntry, UnreadableEntry } from '../entry.ts'
import { isSystemError } from '../native/system-call-error.ts'
import type { ExtendedAttribute } from '../tree/node.ts'
import { childPath, pathBytes, printablePath } from './byte-path.ts'
import { readExtendedAttributes } from './xattr.ts'

/** Where an entry is. */
export interface EntryPlace {
  /** Absolute byte-string path of the directory that holds it. */
  readonly directory: string
  readonly fileName: string
  /** What the backup calls it, when that is not its own name. */
  readonly name?: string
}

/** What entries of a real file system share; hundreds of thousands exist, so paths are put together when asked for. */
export abstract class LocalEntry {
  readonly name: string
  readonly metadata: EntryMetadata
  readonly #directory: string
  readonly #fileName: string

  constructor(at: EntryPlace, metadata: EntryMetadata) {
    this.#directory = at.directory
    this.#fileName = at.fileName
    this.name = at.name ?? at.fileName
    this.metadata = metadata
  }

  /** Absolute, as a byte string. */
  get path(): string {
    return childPath(this.#directory, this.#fileName)
  }

  extendedAttributes(): readonly ExtendedAttribute[] {
    return readExtendedAttributes(this.path)
  }
}

export class LocalFile extends LocalEntry implements FileEntry {
  readonly kind = 'file'

  get content(): FileContent {
    return { kind: 'path', path: pathBytes(this.path) }
  }
}

export class LocalSymlink extends LocalEntry implements SymlinkEntry {
  readonly kind = 'symlink'
  readonly target: string

  /** Reads the link; throws Node's system errors. */
  constructor(at: EntryPlace, metadata: EntryMetadata) {
    super(at, metadata)
    this.target = readlinkSync(pathBytes(this.path), { encoding: 'latin1' })
  }
}

export class LocalSpecial extends LocalEntry implements SpecialEntry {
  readonly kind: SpecialEntry['kind']

  constructor(kind: SpecialEntry['kind'], at: EntryPlace, metadata: EntryMetadata) {
    super(at, metadata)
    this.kind = kind
  }
}

/** An entry for what is there, at a byte-string path, but cannot be read. */
export function unreadable(path: string, error: Error): UnreadableEntry {
  return { kind: 'unreadable', path: printablePath(path), error }
}

/**
 * What stands for something whose reading failed: nothing when it is gone, as if it had gone a moment earlier.
 * Rethrows what is not an error of the operating system.
 */
export function failedEntry(path: string, error: unknown): UnreadableEntry | undefined {
  if (!isSystemError(error)) throw error
  return error.code === 'ENOENT' ? undefined : unreadable(path, error)
}
