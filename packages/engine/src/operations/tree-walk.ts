import { childPath } from '../filesystem/byte-path.ts'
import type { TreeId } from '../ids.ts'
import { IdSet } from '../index/id-set.ts'
import type { Tree } from '../tree/node.ts'

/** Where a tree was found first: a link to the directory above, so that paths cost nothing until someone asks. */
export interface TreePlace {
  /** Position in the list of roots. */
  readonly root: number
  readonly name: string
  readonly parent: TreePlace | undefined
}

export interface TreeWalkOptions {
  /** How to get at a tree; what it throws goes to `onUnreadable`. */
  readonly read: (id: TreeId) => Promise<Tree>
  /** Trees read at the same time. */
  readonly concurrency: number
  /** Trees that need no visit; every visited one is added. */
  readonly seen?: IdSet
  readonly signal?: AbortSignal | undefined
  readonly onTree: (id: TreeId, tree: Tree, place: TreePlace) => void
  /** Without it the first unreadable tree ends the walk. */
  readonly onUnreadable?: (id: TreeId, error: unknown, place: TreePlace) => void
}

/**
 * Visits every tree below the roots once, wherever and however often it occurs, in no particular order. Memory: 40 to 50
 * bytes per distinct tree, and the trees waiting along one path down.
 */
export async function walkTrees(roots: readonly TreeId[], options: TreeWalkOptions): Promise<void> {
  await new TreeWalk(roots, options).finish()
}

/** The absolute path of a place, as a byte string. */
export function pathOfPlace(place: TreePlace): string {
  return place.parent === undefined ? '/' : childPath(pathOfPlace(place.parent), place.name)
}

interface FoundTree {
  readonly id: TreeId
  readonly place: TreePlace
}

function treesBelow({ nodes }: Tree, place: TreePlace): FoundTree[] {
  const found: FoundTree[] = []
  for (const { type, name, subtree } of nodes) {
    if (type === 'dir' && subtree !== undefined) {
      found.push({ id: subtree, place: { root: place.root, name, parent: place } })
    }
  }
  return found
}

class TreeWalk {
  readonly #options: TreeWalkOptions
  readonly #seen: IdSet
  /** Last in, first out: depth first, so that little waits. */
  readonly #waiting: FoundTree[] = []
  #idle: (() => void)[] = []
  #running = 0
  #failure: { error: unknown } | undefined

  constructor(roots: readonly TreeId[], options: TreeWalkOptions) {
    this.#options = options
    this.#seen = options.seen ?? new IdSet()
    this.#add(roots.map((id, root) => ({ id, place: { root, name: '', parent: undefined } })))
  }

  async finish(): Promise<void> {
    await Promise.all(Array.from({ length: Math.max(1, this.#options.concurrency) }, () => this.#lane()))
    if (this.#failure) throw this.#failure.error
  }

  /** The first one will be visited next. */
  #add(trees: readonly FoundTree[]): void {
    const unseen = trees.filter(({ id }) => this.#seen.add(id))
    for (let at = unseen.length - 1; at >= 0; at--) {
      this.#waiting.push(unseen[at]!)
      this.#idle.pop()?.()
    }
  }

  async #lane(): Promise<void> {
    while (!this.#failure) {
      const next = this.#waiting.pop()
      if (next) await this.#visit(next.id, next.place)
      else if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
      else break
    }
    for (const wake of this.#idle.splice(0)) wake()
  }

  async #visit(id: TreeId, place: TreePlace): Promise<void> {
    this.#running++
    try {
      this.#options.signal?.throwIfAborted()
      const tree = await this.#read(id, place)
      if (tree === undefined) return
      this.#options.onTree(id, tree, place)
      this.#add(treesBelow(tree, place))
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#running--
    }
  }

  async #read(id: TreeId, place: TreePlace): Promise<Tree | undefined> {
    try {
      return await this.#options.read(id)
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      if (!this.#options.onUnreadable) throw error
      this.#options.onUnreadable(id, error, place)
      return undefined
    }
  }
}
