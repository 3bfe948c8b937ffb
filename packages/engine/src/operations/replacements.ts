import type { SnapshotId } from '../ids.ts'
import type { Repository } from '../repository/repository.ts'
import type { Snapshot, StoredSnapshot } from '../snapshot/snapshot.ts'
import { storeReplacement } from './replace-snapshot.ts'

/** What a changed snapshot has in its own way. */
export type SnapshotChange = Partial<Pick<Snapshot, 'tree' | 'time' | 'hostname' | 'tags' | 'summary'>>

/**
 * What `original` of the new snapshot names (§9): the one that is replaced, as restic does where contents change, or the
 * first of the line, so that a copy knows it again.
 */
export type OriginalRule = 'replaced' | 'first'

/**
 * Stores changed snapshots beside the old ones. When a run was interrupted, or is made twice, the new ones of the run
 * before are found again, so that there are never two of them.
 */
export class Replacements {
  readonly #repository: Repository
  readonly #original: OriginalRule
  readonly #ownTag: string | undefined
  readonly #byOriginal = new Map<SnapshotId, StoredSnapshot[]>()

  /**
   * @param stored all snapshots of the repository
   * @param options.ownTag what new snapshots carry beside their originals; without it they are still the same
   */
  constructor(
    repository: Repository,
    stored: readonly StoredSnapshot[],
    { original, ownTag }: { original: OriginalRule; ownTag?: string },
  ) {
    this.#repository = repository
    this.#original = original
    this.#ownTag = ownTag
    for (const snapshot of stored) {
      if (snapshot.original === undefined) continue
      const before = this.#byOriginal.get(snapshot.original)
      if (before) before.push(snapshot)
      else this.#byOriginal.set(snapshot.original, [snapshot])
    }
  }

  /** @returns the new snapshot, or the one of an earlier run that is the same */
  async store(old: StoredSnapshot, change: SnapshotChange, signal?: AbortSignal): Promise<StoredSnapshot> {
    const original = this.#original === 'first' ? (old.original ?? old.id) : old.id
    const changed = { ...change, original }
    const related = this.#byOriginal.get(original)?.filter(({ id }) => id !== old.id)
    const same = related?.find((other) => this.#isSame(other, { ...old, ...changed }))
    return same ?? (await storeReplacement(this.#repository, old, changed, signal))
  }

  #isSame(a: StoredSnapshot, b: StoredSnapshot): boolean {
    const [one, other] = [a, b].map(({ tree, time, hostname, tags = [], summary }) => {
      const ownTags = tags.filter((tag) => tag !== this.#ownTag)
      return JSON.stringify([tree, time, hostname, ownTags, summary])
    })
    return one === other
  }
}

/** The tags of a new snapshot beside its original: those of the original and one more. */
export function withTag({ tags = [] }: Snapshot, tag: string): readonly string[] {
  return tags.includes(tag) ? tags : [...tags, tag]
}
