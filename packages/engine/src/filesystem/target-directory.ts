import type { DirectoryEntry, Entry, EntryMetadata } from '../entry.ts'
import { errorCode } from '../native/system-call-error.ts'
import type { ExtendedAttribute } from '../tree/node.ts'
import { baseName, parentPath } from './byte-path.ts'
import type { EntryFilter } from './entry-filter.ts'
import { failedEntry } from './local-entry.ts'
import { lstat, stat } from './metadata.ts'
import type { TargetDetails, TargetNode } from './target-tree.ts'
import { localEntry, walkDirectory, type WalkOptions } from './walk.ts'
import { readExtendedAttributes } from './xattr.ts'

/** What a level of the tree of targets hands to the next. */
export interface TargetContext {
  readonly filter: EntryFilter | undefined
  /** The nearest target that this level lies within, if any: then everything is wanted. */
  readonly within?: TargetDetails | undefined
}

/** Entries for one level of the tree of targets, ascending by name. */
export function* targetEntries(
  nodes: ReadonlyMap<string, TargetNode>,
  context: TargetContext,
  signal: AbortSignal,
): Generator<Entry, void, undefined> {
  for (const [name, node] of [...nodes].sort(([left], [right]) => (left < right ? -1 : 1))) {
    signal.throwIfAborted()
    const entry = targetEntry(name, node, { ...context, within: node.target ?? context.within })
    if (entry !== undefined) yield entry
  }
}

function targetEntry(name: string, node: TargetNode, context: TargetContext): Entry | undefined {
  try {
    // A directory above a target is followed to where it leads: what lies below it was asked for by that path.
    if (node.children.size > 0) return new TargetDirectory(name, node, stat(node.path), context)
    if (context.filter?.excludesPath(node.path) === true) return undefined
    const place = { directory: parentPath(node.path), fileName: baseName(node.path), name }
    return localEntry(place, lstat(node.path), walkOptions(context))
  } catch (error) {
    return failedEntry(node.path, error)
  }
}

function walkOptions({ filter, within }: TargetContext): WalkOptions {
  return { filter, deviceId: within?.deviceId }
}

/** A directory above targets, with its own metadata but only chosen children, unless it is a target as well. */
class TargetDirectory implements DirectoryEntry {
  readonly kind = 'directory'
  readonly name: string
  readonly metadata: EntryMetadata
  readonly #node: TargetNode
  readonly #context: TargetContext

  constructor(name: string, node: TargetNode, metadata: EntryMetadata, context: TargetContext) {
    this.name = name
    this.metadata = metadata
    this.#node = node
    this.#context = context
  }

  /** Often a directory of someone else, whose attributes are not needed for what was asked for (§15). */
  extendedAttributes(): readonly ExtendedAttribute[] {
    try {
      return readExtendedAttributes(this.#node.path)
    } catch (error) {
      if (errorCode(error) === 'EACCES' && this.#context.within === undefined) return []
      throw error
    }
  }

  *children(signal: AbortSignal): Generator<Entry, void, undefined> {
    const { children, path } = this.#node
    yield* targetEntries(children, this.#context, signal)
    const { within } = this.#context
    if (within === undefined) return
    if (within.deviceId !== undefined && within.deviceId !== this.metadata.deviceId) return
    yield* walkDirectory(path, walkOptions(this.#context), signal, new Set(children.keys()))
  }
}
