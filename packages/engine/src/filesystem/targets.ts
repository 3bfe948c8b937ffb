import type { DirectoryEntry, Entry, EntryMetadata, UnreadableEntry } from '../entry.ts'
import { InvalidInputError } from '../errors.ts'
import { isSystemError, type SystemError } from '../native/system-call-error.ts'
import { absolutePath, printablePath, textOf } from './byte-path.ts'
import type { EntryFilter } from './entry-filter.ts'
import { lstat } from './metadata.ts'
import { targetEntries } from './target-directory.ts'
import { addTarget, placeTarget, type TargetNode } from './target-tree.ts'
import { sortedNames } from './walk.ts'

export interface TargetOptions {
  /** Absolute byte-string path that relative targets start from. */
  readonly workingDirectory: string
  readonly filter?: EntryFilter
  /** Stay on the file systems of the targets; mount points are kept as empty directories. */
  readonly oneFileSystem?: boolean
}

export interface OpenedTargets {
  /** Has no name; its children are the snapshot's top level, and missing targets as `unreadable` entries. */
  readonly root: DirectoryEntry
  /** What the snapshot records: absolute, as text, in the order given, each once; missing targets are not among them. */
  readonly paths: readonly string[]
}

/**
 * Turns what a person asked to back up into one tree of entries, as restic lays it out (§15): absolute targets with all
 * the directories above them, relative ones as given but for leading `..`, and `.` or `/` as their entries. Reads the
 * metadata of the targets only; the rest is read as the entries are walked.
 *
 * @param targets byte-string paths
 * @throws {InvalidInputError} no targets, an impossible one, or none that exists
 */
export function openTargets(targets: readonly string[], options: TargetOptions): OpenedTargets {
  if (targets.length === 0) {
    throw new InvalidInputError('nothing to back up', { hint: 'name at least one file or directory' })
  }
  const roots = new Map<string, TargetNode>()
  const unreadable: UnreadableEntry[] = []
  const paths = new Set<string>()
  for (const target of targets) {
    try {
      addOne(roots, target, options)
      paths.add(absolutePath(target, options.workingDirectory))
    } catch (error) {
      if (!isSystemError(error)) throw error
      unreadable.push({ kind: 'unreadable', path: printablePath(target), error })
      if (!isMissing(error)) paths.add(absolutePath(target, options.workingDirectory))
    }
  }
  if (paths.size === 0) throw noneExists(targets)
  return { root: rootEntry(roots, unreadable, options), paths: [...paths].map((path) => textOf(path)) }
}

/** Throws the system's error when the target, or a directory that stands for its entries, cannot be looked at. */
function addOne(roots: Map<string, TargetNode>, target: string, options: TargetOptions): void {
  if (target === '' || target.includes('\0')) {
    throw new InvalidInputError(`${target === '' ? 'an empty name' : printablePath(target)} is not a path to back up`)
  }
  const metadata = lstat(absolutePath(target, options.workingDirectory))
  const placed = placeTarget(target, options.workingDirectory)
  const details = { deviceId: options.oneFileSystem === true ? metadata.deviceId : undefined }
  if (placed.components.length > 0) {
    addTarget(roots, placed, details)
    return
  }
  // Backwards, because the order decides which of two equal names gets a suffix.
  for (const name of sortedNames(placed.basePath).toReversed()) {
    addTarget(roots, { ...placed, components: [name] }, details)
  }
}

function rootEntry(
  roots: ReadonlyMap<string, TargetNode>,
  unreadable: readonly UnreadableEntry[],
  options: TargetOptions,
): DirectoryEntry {
  return {
    kind: 'directory',
    name: '',
    metadata: ROOT_METADATA,
    *children(signal: AbortSignal): Generator<Entry, void, undefined> {
      yield* unreadable
      yield* targetEntries(roots, { filter: options.filter }, signal)
    },
  }
}

/** The root is no directory of any file system: a snapshot stores nothing about it. */
const ROOT_METADATA: EntryMetadata = {
  mode: 0o040755,
  uid: 0,
  gid: 0,
  mtimeNs: 0n,
  atimeNs: 0n,
  ctimeNs: 0n,
  inode: 0n,
  deviceId: 0n,
  links: 1n,
  rdev: 0n,
  size: 0,
}

/** ENOTDIR: what the path takes for a directory is a file. */
function isMissing(error: SystemError): boolean {
  return error.code === 'ENOENT' || error.code === 'ENOTDIR'
}

function noneExists(targets: readonly string[]): InvalidInputError {
  const names = targets.slice(0, 5).map((target) => printablePath(target))
  const more = targets.length > names.length ? ` and ${targets.length - names.length} more` : ''
  return new InvalidInputError(`nothing to back up: ${names.join(', ')}${more} not found`, {
    hint: 'check the spelling, and the directory that relative names start from',
  })
}
