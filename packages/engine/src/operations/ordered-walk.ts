import { childPath } from '../filesystem/byte-path.ts'
import type { TreeId } from '../ids.ts'
import type { Repository } from '../repository/repository.ts'
import type { Node } from '../tree/node.ts'
import { TreeAhead } from './tree-ahead.ts'

/** One entry of a snapshot. */
export interface WalkedEntry {
  /** Absolute byte string inside the snapshot. */
  readonly path: string
  readonly node: Node
  /** The tree that lists the entry. */
  readonly parent: TreeId
}

export interface OrderedWalkOptions {
  /** Where the root tree lies; `/` by default. */
  readonly path?: string
  /** Whether to go into a directory, asked after its entry was given; always by default. */
  readonly descend?: (path: string, subtree: TreeId) => boolean
  /** A directory's last entry was given, or the directory could not be read. */
  readonly onLeave?: (path: string, tree: TreeId) => void
  /** Without it an unreadable directory ends the walk. */
  readonly onUnreadable?: (path: string, error: unknown) => void
  readonly signal?: AbortSignal | undefined
}

interface Frame {
  readonly path: string
  readonly id: TreeId
  readonly nodes: readonly Node[]
  next: number
}

/** Every entry below a tree, each directory before what is in it, in the order of the trees. Reads ahead. */
export async function* walkInOrder(
  repository: Repository,
  root: TreeId,
  options: OrderedWalkOptions = {},
): AsyncGenerator<WalkedEntry> {
  const trees = new TreeAhead(repository, options.signal)
  const first = await enter(trees, root, options.path ?? '/', options)
  const frames: Frame[] = first ? [first] : []
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const node = frame.nodes[frame.next++]
    if (node === undefined) {
      frames.pop()
      options.onLeave?.(frame.path, frame.id)
      continue
    }
    const path = childPath(frame.path, node.name)
    yield { path, node, parent: frame.id }
    if (node.type !== 'dir' || node.subtree === undefined) continue
    if (options.descend && !options.descend(path, node.subtree)) continue
    trees.readAhead(frame.nodes, frame.next)
    const below = await enter(trees, node.subtree, path, options)
    if (below) frames.push(below)
  }
}

async function enter(
  trees: TreeAhead,
  id: TreeId,
  path: string,
  options: OrderedWalkOptions,
): Promise<Frame | undefined> {
  options.signal?.throwIfAborted()
  try {
    const { nodes } = await trees.read(id)
    return { path, id, nodes, next: 0 }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!options.onUnreadable) throw error
    options.onUnreadable(path, error)
    options.onLeave?.(path, id)
    return undefined
  }
}
