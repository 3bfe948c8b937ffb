import { sha256Id } from '../../crypto/hash.ts'
import { DamagedError } from '../../errors.ts'
import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import { type Id, shortId, type TreeId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import { encodeNode, encodeTree } from '../../tree/encode.ts'
import type { Node } from '../../tree/node.ts'
import { TreeAhead } from '../tree-ahead.ts'
import { type DecisionScope, resultKey, type RewrittenTree, TreeResults } from './tree-results.ts'

/** How many siblings are considered for reading ahead. */
const SIBLINGS = 32

/** The listing of a directory without entries (§10). */
export const EMPTY_TREE_CONTENT = encodeTree([])
export const EMPTY_TREE: TreeId = sha256Id(EMPTY_TREE_CONTENT)

/** What {@link TreeRewriter} asks about. Paths are absolute byte strings inside the snapshot. */
export interface RewriteRules {
  readonly scope: DecisionScope
  /** The entry as it should be: the same object leaves it alone, undefined removes it. */
  readonly entry: (node: Node, path: string) => Node | undefined
  /** Whether a directory goes too when there is nothing in it in the end; asked of the root never. */
  readonly dropsEmpty?: (path: string) => boolean
  /** Stores something in place of a tree that cannot be read. Without it that ends the work. */
  readonly unreadable?: (path: string, id: TreeId | undefined, error: unknown) => Promise<TreeId>
  /** Told before a tree is changed in which something is not understood (§11): it would be lost. May throw. */
  readonly unfaithful: (path: string, id: TreeId) => void
  /** Stores a changed tree; @returns its id */
  readonly store: (tree: Buffer) => Promise<TreeId>
  readonly onTree?: () => void
}

interface Decided {
  readonly node: Node
  readonly path: string
  /** For directories with a listing. */
  readonly key: Id | undefined
}

/**
 * Makes new trees out of old ones, with a decision for each entry. A tree in and below which nothing changes keeps its id
 * and is never encoded again; the others come out byte for byte as restic writes them, so that they are stored once
 * whoever rewrites (§11). Each tree is visited once, or once per place when decisions depend on it.
 *
 * Memory: the trees from the root down to where the work is, and those that {@link TreeAhead} and {@link TreeResults}
 * keep. Directories nest as deeply as they like.
 */
export class TreeRewriter {
  readonly #rules: RewriteRules
  readonly #trees: TreeAhead
  readonly #results = new TreeResults()
  readonly #signal: AbortSignal | undefined

  constructor(repository: Repository, rules: RewriteRules, signal?: AbortSignal) {
    this.#rules = rules
    this.#trees = new TreeAhead(repository, signal)
    this.#signal = signal
  }

  /** @throws what reading a tree throws, unless the rules have something in its place */
  async rewrite(root: TreeId): Promise<RewrittenTree> {
    return await this.#rewriteTree(root, '/', resultKey(this.#rules.scope, root, '/'))
  }

  async #rewriteTree(id: TreeId | undefined, path: string, key: Id | undefined): Promise<RewrittenTree> {
    const known = id && key && this.#results.get(key, id)
    if (known) return known
    // Nothing is called deeper down before this has waited: so the stack stays flat, however deep directories nest.
    const nodes = await this.#read(id, path)
    const result =
      typeof nodes === 'string'
        ? { id: nodes, leaves: 0, files: 0, bytes: 0 }
        : await this.#rewriteNodes(id!, nodes, path)
    if (id && key) this.#results.add(key, id, result)
    return result
  }

  /** @returns the id of the replacement for a tree that cannot be read */
  async #read(id: TreeId | undefined, path: string): Promise<readonly Node[] | TreeId> {
    this.#signal?.throwIfAborted()
    try {
      if (id === undefined) throw new DamagedError(`${printablePath(path)} is a directory without a listing`)
      const { nodes } = await this.#trees.read(id)
      this.#rules.onTree?.()
      return nodes
    } catch (error) {
      this.#signal?.throwIfAborted()
      if (!this.#rules.unreadable) throw error
      return await this.#rules.unreadable(path, id, error)
    }
  }

  async #rewriteNodes(id: TreeId, nodes: readonly Node[], path: string): Promise<RewrittenTree> {
    const decided = this.#decide(nodes, path)
    const kept: Node[] = []
    const total = { leaves: 0, files: 0, bytes: 0 }
    for (const [at, { node, path: place, key }] of decided.entries()) {
      if (node.type !== 'dir') {
        kept.push(node)
        count(node, total)
        continue
      }
      this.#readAhead(decided, at + 1)
      const below = await this.#rewriteTree(node.subtree, place, key)
      if (below.id === EMPTY_TREE && this.#rules.dropsEmpty?.(place)) continue
      total.leaves += below.leaves
      total.files += below.files
      total.bytes += below.bytes
      kept.push(below.id === node.subtree ? node : { ...node, subtree: below.id })
    }
    const isSame = kept.length === nodes.length && kept.every((node, at) => node === nodes[at])
    if (isSame) return { id, ...total }
    if (sha256Id(encode(nodes)) !== id) this.#rules.unfaithful(path, id)
    return { id: await this.#rules.store(encode(kept)), ...total }
  }

  #decide(nodes: readonly Node[], path: string): Decided[] {
    const decided: Decided[] = []
    for (const before of nodes) {
      const place = childPath(path, before.name)
      const node = this.#rules.entry(before, place)
      if (node === undefined) continue
      const key = node.type === 'dir' && node.subtree ? resultKey(this.#rules.scope, node.subtree, place) : undefined
      decided.push({ node, path: place, key })
    }
    return decided
  }

  /** Only what will be asked for: what is never asked for stays in the way. */
  #readAhead(decided: readonly Decided[], start: number): void {
    const next = decided.slice(start, start + SIBLINGS)
    const unknown = next.filter(({ node, key }) => key && !this.#results.get(key, node.subtree!))
    this.#trees.readAhead(
      unknown.map(({ node }) => node),
      0,
    )
  }
}

function count({ type, size = 0 }: Node, total: { leaves: number; files: number; bytes: number }): void {
  total.leaves++
  if (type !== 'file') return
  total.files++
  total.bytes += size
}

/** Order and duplicates stay as they are: whatever wrote them, nothing is to be lost here. */
function encode(nodes: readonly Node[]): Buffer {
  return encodeTree(nodes.map(encodeNode))
}

/** A tree holds what Hikae does not understand, which would be lost if it were written anew (§11). */
export function unfaithfulTree(path: string, id: TreeId): DamagedError {
  return new DamagedError(
    `the directory ${printablePath(path)} (tree ${shortId(id)}) cannot be changed without losing what another program ` +
      'wrote into it',
    { hint: 'leave this snapshot as it is, or remove it with `hikae forget`' },
  )
}
