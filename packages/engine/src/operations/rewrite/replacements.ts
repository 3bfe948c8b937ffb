import type { SnapshotId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../../snapshot/snapshot.ts'
import { storeReplacement } from '../replace-snapshot.ts'

/** What a rewritten or repaired snapshot has in its own way. */
export type SnapshotChange = Pick<Snapshot, 'tree'> & Partial<Pick<Snapshot, 'time' | 'hostname' | 'tags' | 'summary'>>

/**
 * Stores changed snapshots beside the old ones. When a run was interrupted, or is made twice, the new ones of the run
 * before are found again, so that there are never two of them.
 */
export class Replacements {
  readonly #repository: Repository
  readonly #tag: string
  readonly #byOriginal = new Map<SnapshotId, StoredSnapshot[]>()

  /** @param tag what new snapshots carry beside their originals; without it they are still the same */
  constructor(repository: Repository, stored: readonly StoredSnapshot[], tag: string) {
    this.#repository = repository
    this.#tag = tag
    for (const snapshot of stored) {
      if (snapshot.original === undefined) continue
      const before = this.#byOriginal.get(snapshot.original)
      if (before) before.push(snapshot)
      else this.#byOriginal.set(snapshot.original, [snapshot])
    }
  }

  /** `original` names the snapshot that is replaced, as restic does here, not the first of the line (§9). */
  async store(old: StoredSnapshot, change: SnapshotChange, signal?: AbortSignal): Promise<SnapshotId> {
    const changed = { ...change, original: old.id }
    const same = this.#byOriginal.get(old.id)?.find((other) => this.#isSame(other, { ...old, ...changed }))
    return same?.id ?? (await storeReplacement(this.#repository, old, changed, signal)).id
  }

  #isSame(a: StoredSnapshot, b: StoredSnapshot): boolean {
    const [one, other] = [a, b].map(({ tree, time, hostname, tags = [], summary }) => {
      const ownTags = tags.filter((tag) => tag !== this.#tag)
      return JSON.stringify([tree, time, hostname, ownTags, summary])
    })
    return one === other
  }
}

/** The tags of a new snapshot beside its original: those of the original and one more. */
export function withTag({ tags = [] }: Snapshot, tag: string): readonly string[] {
  return tags.includes(tag) ? tags : [...tags, tag]
}
