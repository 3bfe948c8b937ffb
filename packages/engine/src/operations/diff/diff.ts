import { childPath } from '../../filesystem/byte-path.ts'
import type { TreeId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import type { Node } from '../../tree/node.ts'
import { walkInOrder } from '../ordered-walk.ts'
import { findDirectory } from '../tree-path.ts'
import { DiffCount, type DiffStatistics } from './statistics.ts'
import { hasSameContent, hasSameMetadata } from './same-node.ts'

/** One of the two things compared: a snapshot, or a directory in it. */
export interface DiffSide {
  readonly snapshot: Pick<Snapshot, 'tree'>
  /** Byte string; the root by default. */
  readonly path?: string
}

export interface DiffOptions {
  /** Also report entries of which only the metadata differs. */
  readonly metadata?: boolean
  readonly signal?: AbortSignal
  /** A directory could not be read; the comparison goes on without it. Thrown when there is nobody to tell. */
  readonly onUnreadable?: (path: string, error: unknown) => void
}

/** What happened to one entry. */
export interface DiffChange {
  /** Absolute byte string; a directory's ends in a slash. */
  readonly path: string
  /**
   * `+` added, `-` removed, `T` of another type, `M` content changed, `U` metadata changed. `M?` is content that changed
   * though all metadata is equal: suspect the disk.
   */
  readonly modifier: '+' | '-' | 'T' | 'TU' | 'M' | 'M?' | 'U'
}

/**
 * Compares two directories of the same repository, in the order of their names. Equal sub-trees are not read, unless the
 * statistics need to know what both sides have in common.
 *
 * @returns the statistics, after the last change
 * @throws {PathMissingError} @throws {DamagedError}
 */
export async function* diff(
  repository: Repository,
  from: DiffSide,
  to: DiffSide,
  options: DiffOptions = {},
): AsyncGenerator<DiffChange, DiffStatistics> {
  const { signal } = options
  const before = await findDirectory(repository, from.snapshot.tree, from.path ?? '/', signal)
  const after = await findDirectory(repository, to.snapshot.tree, to.path ?? '/', signal)
  const comparison = new Comparison(repository, options)
  comparison.count.before.addTree(before)
  comparison.count.after.addTree(after)
  yield* comparison.compare('/', before, after)
  return await comparison.count.finish(repository, signal)
}

class Comparison {
  readonly count = new DiffCount()
  readonly #repository: Repository
  readonly #options: DiffOptions

  constructor(repository: Repository, options: DiffOptions) {
    this.#repository = repository
    this.#options = options
  }

  async *compare(path: string, before: TreeId, after: TreeId): AsyncGenerator<DiffChange> {
    const pairs = await this.#pairs(path, before, after)
    for (const [left, right] of pairs) {
      if (left) this.count.before.addNode(left)
      if (right) this.count.after.addNode(right)
      if (left && right) yield* this.#both(path, left, right)
      else if (left) yield* this.#oneSided(path, left, '-')
      else if (right) yield* this.#oneSided(path, right, '+')
    }
  }

  /** The entries of both directories by name. */
  async #pairs(path: string, before: TreeId, after: TreeId): Promise<[Node | undefined, Node | undefined][]> {
    const { signal, onUnreadable } = this.#options
    try {
      const [left, right] = await Promise.all([
        this.#repository.readTree(before, signal),
        this.#repository.readTree(after, signal),
      ])
      const leftByName = new Map(left.nodes.map((node) => [node.name, node]))
      const rightByName = new Map(right.nodes.map((node) => [node.name, node]))
      const names = [...new Set([...leftByName.keys(), ...rightByName.keys()])].sort(byBytes)
      return names.map((name) => [leftByName.get(name), rightByName.get(name)])
    } catch (error) {
      signal?.throwIfAborted()
      if (!onUnreadable) throw error
      onUnreadable(path, error)
      return []
    }
  }

  async *#both(parent: string, left: Node, right: Node): AsyncGenerator<DiffChange> {
    const path = childPath(parent, left.name)
    const modifier = this.#modifier(left, right)
    if (modifier !== undefined) yield { path: right.type === 'dir' ? `${path}/` : path, modifier }
    if (left.type !== 'dir' || right.type !== 'dir' || !left.subtree || !right.subtree) return
    if (left.subtree === right.subtree) this.count.common.push(left.subtree)
    else yield* this.compare(path, left.subtree, right.subtree)
  }

  #modifier(left: Node, right: Node): DiffChange['modifier'] | undefined {
    if (left.type === 'file' && right.type === 'file' && !hasSameContent(left, right)) {
      this.count.changedFiles++
      return hasSameMetadata(left, right) ? 'M?' : 'M'
    }
    const metadataDiffers =
      this.#options.metadata === true && !(hasSameMetadata(left, right) && hasSameContent(left, right))
    if (left.type !== right.type) return metadataDiffers ? 'TU' : 'T'
    return metadataDiffers ? 'U' : undefined
  }

  async *#oneSided(parent: string, node: Node, modifier: '+' | '-'): AsyncGenerator<DiffChange> {
    const { entries, blobs } =
      modifier === '+'
        ? { entries: this.count.added, blobs: this.count.after }
        : { entries: this.count.removed, blobs: this.count.before }
    const path = childPath(parent, node.name)
    yield this.#counted(path, node, modifier, entries)
    if (node.type !== 'dir' || node.subtree === undefined) return
    const { signal, onUnreadable } = this.#options
    const below = walkInOrder(this.#repository, node.subtree, {
      path,
      signal,
      ...(onUnreadable ? { onUnreadable } : {}),
    })
    for await (const entry of below) {
      blobs.addNode(entry.node)
      yield this.#counted(entry.path, entry.node, modifier, entries)
    }
  }

  #counted(path: string, node: Node, modifier: '+' | '-', entries: DiffCount['added']): DiffChange {
    if (node.type === 'file') entries.files++
    else if (node.type === 'dir') entries.dirs++
    else entries.others++
    return { path: node.type === 'dir' ? `${path}/` : path, modifier }
  }
}

/** Byte strings compare like memcmp with the ordinary operators. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
