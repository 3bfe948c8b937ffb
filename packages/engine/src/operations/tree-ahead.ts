import type { TreeId } from '../ids.ts'
import type { Repository } from '../repository/repository.ts'
import type { Node, Tree } from '../tree/node.ts'

/** Trees that are being read before anyone asked for them. */
const MOST_AHEAD = 16
/** Siblings looked at when reading ahead. */
const SIBLINGS = 32
/** Larger trees are only read when they are needed: bytes. */
const LARGEST_AHEAD = 256 * 1024

/** Reads trees, and those of the next sibling directories along with them. */
export class TreeAhead {
  readonly #repository: Repository
  readonly #signal: AbortSignal | undefined
  readonly #coming = new Map<TreeId, Promise<Tree>>()

  constructor(repository: Repository, signal: AbortSignal | undefined) {
    this.#repository = repository
    this.#signal = signal
  }

  async read(id: TreeId): Promise<Tree> {
    const coming = this.#coming.get(id)
    this.#coming.delete(id)
    return await (coming ?? this.#repository.readTree(id, this.#signal))
  }

  /** Begins to read the directories among `nodes` from `start` on, as far as there is room. */
  readAhead(nodes: readonly Node[], start: number): void {
    const end = Math.min(nodes.length, start + SIBLINGS)
    for (let at = start; at < end && this.#coming.size < MOST_AHEAD; at++) {
      const { type, subtree } = nodes[at]!
      if (type === 'dir' && subtree !== undefined && !this.#coming.has(subtree) && this.#isSmall(subtree)) {
        const tree = this.#repository.readTree(subtree, this.#signal)
        // Whoever asks for the tree gets the error; a walk that ends early never asks.
        tree.catch(() => undefined)
        this.#coming.set(subtree, tree)
      }
    }
  }

  #isSmall(id: TreeId): boolean {
    const location = this.#repository.index.find('tree', id)
    return location !== undefined && Math.max(location.length, location.uncompressedLength) <= LARGEST_AHEAD
  }
}
