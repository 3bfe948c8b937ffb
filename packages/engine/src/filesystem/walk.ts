import { readdirSync } from 'node:fs'
import type { DirectoryEntry, Entry, EntryMetadata } from '../entry.ts'
import { nodeTypeOf } from '../tree/mode.ts'
import { childPath, pathBytes } from './byte-path.ts'
import type { EntryFilter } from './entry-filter.ts'
import { failedEntry, LocalEntry, LocalFile, LocalSpecial, LocalSymlink, unreadable } from './local-entry.ts'
import type { EntryPlace } from './local-entry.ts'
import { statNames, type StatResult } from './stat-names.ts'

/** What holds for everything below one target. */
export interface WalkOptions {
  readonly filter?: EntryFilter | undefined
  /** st_dev to stay on: directories of other file systems are kept, empty; their other entries are left out. */
  readonly deviceId?: bigint | undefined
}

/** Entries looked at before the first of them is handed out; bounds what a huge directory costs in memory. */
const BATCH = 1024

/**
 * The entries of a directory, ascending by the bytes of their names; what is below them is read when their own
 * `children` are asked for. No symlink is followed. What vanishes meanwhile is left out, sockets too; what cannot be
 * read is an `unreadable` entry.
 *
 * @param directory absolute byte-string path
 * @param skip names to leave out
 * @throws the signal's reason when it is aborted
 */
export function* walkDirectory(
  directory: string,
  options: WalkOptions,
  signal: AbortSignal,
  skip?: ReadonlySet<string>,
): Generator<Entry, void, undefined> {
  signal.throwIfAborted()
  try {
    const names = wantedNames(directory, options.filter, skip)
    for (let start = 0; start < names.length; start += BATCH) {
      signal.throwIfAborted()
      yield* entriesOf(directory, names.slice(start, start + BATCH), options)
    }
  } catch (error) {
    const entry = failedEntry(directory, error)
    if (entry !== undefined) yield entry
  }
}

/** The entry that lstat told something about; undefined when it is gone, a socket or excluded. */
export function localEntry(at: EntryPlace, result: StatResult, options: WalkOptions): Entry | undefined {
  if (result === undefined) return undefined
  const path = () => childPath(at.directory, at.fileName)
  if (result instanceof Error) return unreadable(path(), result)
  const type = nodeTypeOf(result.mode)
  if (options.deviceId !== undefined && result.deviceId !== options.deviceId && type !== 'dir') return undefined
  if (options.filter?.excludesEntry(path(), result) === true) return undefined
  switch (type) {
    case 'file':
      return new LocalFile(at, result)
    case 'dir':
      return new LocalDirectory(at, result, options)
    case 'symlink':
      return symlinkEntry(at, result)
    case 'fifo':
      return new LocalSpecial('fifo', at, result)
    case 'dev':
      return new LocalSpecial('block-device', at, result)
    case 'chardev':
      return new LocalSpecial('character-device', at, result)
    case 'socket':
      return undefined
    default:
      return unreadable(path(), new Error(`its type is not known: mode ${result.mode.toString(8)}`))
  }
}

class LocalDirectory extends LocalEntry implements DirectoryEntry {
  readonly kind = 'directory'
  readonly #options: WalkOptions

  constructor(at: EntryPlace, metadata: EntryMetadata, options: WalkOptions) {
    super(at, metadata)
    this.#options = options
  }

  *children(signal: AbortSignal): Generator<Entry, void, undefined> {
    const { deviceId } = this.#options
    if (deviceId !== undefined && this.metadata.deviceId !== deviceId) return
    yield* walkDirectory(this.path, this.#options, signal)
  }
}

/** Names in a directory as byte strings, ascending by their bytes. Throws Node's system errors. */
export function sortedNames(directory: string): string[] {
  // One character per byte, so the default order of strings is that of the bytes.
  return readdirSync(pathBytes(directory), { encoding: 'latin1' }).sort()
}

function wantedNames(directory: string, filter?: EntryFilter, skip?: ReadonlySet<string>): readonly string[] {
  const names = sortedNames(directory)
  if (filter === undefined && skip === undefined) return names
  return names.filter((name) => skip?.has(name) !== true && filter?.excludesPath(childPath(directory, name)) !== true)
}

function entriesOf(directory: string, names: readonly string[], options: WalkOptions): Entry[] {
  const results = statNames(directory, names)
  return names
    .map((fileName, index) => localEntry({ directory, fileName }, results[index], options))
    .filter((entry) => entry !== undefined)
}

function symlinkEntry(at: EntryPlace, metadata: EntryMetadata): Entry | undefined {
  try {
    return new LocalSymlink(at, metadata)
  } catch (error) {
    return failedEntry(childPath(at.directory, at.fileName), error)
  }
}
