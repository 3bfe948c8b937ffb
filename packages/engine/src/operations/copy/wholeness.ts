import { childPath } from '../../filesystem/byte-path.ts'
import type { BlobId, TreeId } from '../../ids.ts'
import type { IdSet } from '../../index/id-set.ts'
import type { Tree } from '../../tree/node.ts'

/** The first thing that a tree lacks. */
export interface Lack {
  /** Absolute byte string, seen from that tree. */
  readonly path: string
  readonly reason: string
}

export interface WholenessOptions {
  readonly read: (id: TreeId) => Promise<Tree>
  /** Why the tree itself, or the content of a file in it, cannot be relied on. */
  readonly lackOfTree: (id: TreeId) => string | undefined
  readonly lackOfContent: (content: readonly BlobId[]) => string | undefined
}

/** Tells, once damage was met, which snapshots it touches: each tree is judged once, after all that is below it. */
export class Wholeness {
  readonly #options: WholenessOptions
  readonly #lacking = new Map<TreeId, Lack>()

  constructor(options: WholenessOptions) {
    this.#options = options
  }

  /**
   * What is missing below a tree; undefined when all is there.
   *
   * @param whole trees known to have all that is below them; those found to be so are added
   */
  async lackBelow(id: TreeId, whole: IdSet): Promise<Lack | undefined> {
    if (whole.has(id)) return undefined
    const known = this.#lacking.get(id)
    if (known) return known
    const lack = await this.#judge(id, whole)
    if (lack) this.#lacking.set(id, lack)
    else whole.add(id)
    return lack
  }

  async #judge(id: TreeId, whole: IdSet): Promise<Lack | undefined> {
    const reason = this.#options.lackOfTree(id)
    if (reason !== undefined) return { path: '/', reason }
    let first: Lack | undefined
    // On to the end, also after the first lack: what is whole below need not be looked at again for other snapshots.
    for (const { name, type, content, subtree } of (await this.#options.read(id)).nodes) {
      const path = childPath('/', name)
      const missing = this.#options.lackOfContent(content ?? [])
      if (missing !== undefined) first ??= { path, reason: missing }
      if (type !== 'dir' || subtree === undefined) continue
      const below = await this.lackBelow(subtree, whole)
      if (below) first ??= { path: below.path === '/' ? path : path + below.path, reason: below.reason }
    }
    return first
  }
}
