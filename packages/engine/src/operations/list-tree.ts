import type { Repository } from '../repository/repository.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { walkInOrder, type WalkedEntry } from './ordered-walk.ts'
import { findPath } from './tree-path.ts'

export interface ListTreeOptions {
  /** Byte string: only what lies there and below; the whole snapshot by default. */
  readonly path?: string
  /** Also what is in the directories below; true by default. */
  readonly recursive?: boolean
  readonly signal?: AbortSignal
}

/**
 * The entries of a snapshot in order, each directory before what is in it; paths are byte strings from the snapshot's
 * root. With `path`, the entry at that path comes first.
 *
 * @throws {PathMissingError} @throws {DamagedError} a directory cannot be read
 */
export async function* listTree(
  repository: Repository,
  snapshot: Pick<Snapshot, 'tree'>,
  options: ListTreeOptions = {},
): AsyncGenerator<Pick<WalkedEntry, 'path' | 'node'>> {
  const { signal } = options
  const { path, node, tree } = await findPath(repository, snapshot.tree, options.path ?? '/', signal)
  if (node) yield { path, node }
  if (tree === undefined) return
  yield* walkInOrder(repository, tree, { path, signal, descend: () => options.recursive ?? true })
}
