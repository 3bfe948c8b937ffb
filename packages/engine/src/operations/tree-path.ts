import { KnownError } from '../errors.ts'
import { cleanPath, pathComponents, printablePath } from '../filesystem/byte-path.ts'
import type { TreeId } from '../ids.ts'
import type { Repository } from '../repository/repository.ts'
import type { Node } from '../tree/node.ts'

/** A snapshot has nothing at the path asked for. */
export class PathMissingError extends KnownError {
  override readonly name = 'PathMissingError'
  readonly code = 'PATH_MISSING'
}

/** What lies at a path: a directory has a tree, and everything but the root has a node. */
export interface FoundPath {
  /** Clean and absolute. */
  readonly path: string
  readonly node: Node | undefined
  readonly tree: TreeId | undefined
}

/**
 * Goes down from a root tree.
 *
 * @param path byte string; a leading slash makes no difference
 * @throws {PathMissingError} a component is missing, or is not a directory though something is sought below it
 */
export async function findPath(
  repository: Repository,
  root: TreeId,
  path: string,
  signal?: AbortSignal,
): Promise<FoundPath> {
  const clean = cleanPath(`/${path}`)
  let node: Node | undefined
  let tree: TreeId | undefined = root
  for (const name of pathComponents(clean)) {
    if (tree === undefined) throw new PathMissingError(`${printablePath(clean)} leads through a file`, { hint })
    const { nodes } = await repository.readTree(tree, signal)
    node = nodes.find((candidate) => candidate.name === name)
    if (!node) throw new PathMissingError(`the snapshot has no ${printablePath(clean)}`, { hint })
    tree = node.type === 'dir' ? node.subtree : undefined
  }
  return { path: clean, node, tree }
}

const hint = 'use `hikae ls` to see what the snapshot holds'

/** As {@link findPath}, of a directory. @throws {PathMissingError} also when it is something else */
export async function findDirectory(
  repository: Repository,
  root: TreeId,
  path: string,
  signal?: AbortSignal,
): Promise<TreeId> {
  const found = await findPath(repository, root, path, signal)
  if (found.tree === undefined) throw new PathMissingError(`${printablePath(found.path)} is not a directory`, { hint })
  return found.tree
}
