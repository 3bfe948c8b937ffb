import type { IndexId, PackId, SnapshotId } from '../../ids.ts'

export type FindingKind =
  | 'index-unreadable'
  | 'index-conflict'
  | 'pack-in-several-indexes'
  | 'pack-mixed'
  | 'pack-missing'
  | 'pack-size'
  | 'pack-unreferenced'
  | 'pack-unindexed'
  | 'pack-damaged'
  | 'pack-read-twice'
  | 'snapshot-unreadable'
  | 'tree-unreadable'
  | 'entry-invalid'
  | 'blob-missing'
  | 'file-affected'
  | 'file-unindexed'
  | 'directory-unindexed'
  | 'storage-failed'
  | 'more'

/** One thing that a check found. The message is a whole sentence without its full stop, for people. */
export interface CheckFinding {
  readonly kind: FindingKind
  readonly message: string
  readonly pack?: PackId
  readonly snapshot?: SnapshotId
  readonly index?: IndexId
  /** Byte string: where in the snapshot. */
  readonly path?: string
}

/** Findings of one kind that are kept; the others are counted. Damage can touch millions of files. */
const KEPT_PER_KIND = 1000

/** Findings of one severity, in the order they came. */
export class FindingList {
  readonly #kept: CheckFinding[] = []
  readonly #counts = new Map<FindingKind, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  count(kind: FindingKind): number {
    return this.#counts.get(kind) ?? 0
  }

  add(finding: CheckFinding): void {
    const count = this.count(finding.kind) + 1
    this.#counts.set(finding.kind, count)
    this.#total++
    if (count <= KEPT_PER_KIND) this.#kept.push(finding)
  }

  /** All that were kept, and for each kind of which there are more, how many. */
  list(): CheckFinding[] {
    const more: CheckFinding[] = []
    for (const [kind, count] of this.#counts) {
      if (count > KEPT_PER_KIND) more.push({ kind: 'more', message: `${count - KEPT_PER_KIND} more of: ${kind}` })
    }
    return [...this.#kept, ...more]
  }
}

export interface Findings {
  readonly errors: FindingList
  readonly hints: FindingList
}
