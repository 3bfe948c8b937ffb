import { sha256Id } from '../../crypto/hash.ts'
import type { Id, TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'

/** What became of a tree and all that lies below it. */
export interface RewrittenTree {
  /** The same as before when nothing was changed. */
  readonly id: TreeId
  /** Everything that is left in and below it but directories. */
  readonly leaves: number
  /** The regular files among them. */
  readonly files: number
  /** Sum of their sizes. */
  readonly bytes: number
}

/** What a decision about an entry depends on: on the entry alone, or also on where it lies. */
export type DecisionScope = 'entry' | 'path'

/** What a result is remembered by. A hash where paths count, since they are long. */
export function resultKey(scope: DecisionScope, tree: TreeId, path: string): Id {
  return scope === 'entry' ? tree : sha256Id(Buffer.from(`${tree}${path}`, 'latin1'))
}

/** Remembers what became of trees: they occur in snapshot after snapshot. About 70 bytes each. */
export class TreeResults {
  readonly #numbers = new IdSet()
  readonly #changed = new Map<number, TreeId>()
  readonly #leaves: number[] = []
  readonly #files: number[] = []
  readonly #bytes: number[] = []

  /** @param tree the id that an unchanged one has */
  get(key: Id, tree: TreeId): RewrittenTree | undefined {
    if (!this.#numbers.has(key)) return undefined
    const number = this.#numbers.numberOf(key)
    return {
      id: this.#changed.get(number) ?? tree,
      leaves: this.#leaves[number]!,
      files: this.#files[number]!,
      bytes: this.#bytes[number]!,
    }
  }

  add(key: Id, tree: TreeId, { id, leaves, files, bytes }: RewrittenTree): void {
    const number = this.#numbers.numberOf(key)
    if (id !== tree) this.#changed.set(number, id)
    this.#leaves[number] = leaves
    this.#files[number] = files
    this.#bytes[number] = bytes
  }
}
