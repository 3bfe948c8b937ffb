import { InvalidInputError } from '../errors.ts'
import type { Repository } from '../repository/repository.ts'
import type { StoredSnapshot } from '../snapshot/snapshot.ts'
import { removeSnapshot } from './replace-snapshot.ts'
import { Replacements } from './replacements.ts'

/** Either new tags instead of all old ones, or what to add and then to remove. */
export type TagChange =
  | { readonly set: readonly string[] }
  | { readonly add?: readonly string[]; readonly remove?: readonly string[] }

export interface TagOptions {
  readonly signal?: AbortSignal
  /** Of the lock: awaited before each snapshot is changed; when it throws, nothing more is changed. */
  readonly confirmLock?: () => Promise<void>
  /** Called when the new snapshot is stored and the old one removed. */
  readonly onChanged?: (old: StoredSnapshot, changed: StoredSnapshot) => void
}

export interface TagReport {
  readonly changed: number
  /** Had the tags already, or had not those to remove. */
  readonly unchanged: number
  /** As they were, or there twice: with the old and with the new tags. */
  readonly failed: readonly { readonly snapshot: StoredSnapshot; readonly error: Error }[]
}

/**
 * Changes the tags of snapshots. Each is stored anew, with `original` naming the first of its line, and then its old file is
 * removed (§9, §20): at no time is there none. When a run ended in between, the same one made again removes the old file
 * and stores no second new one. Needs an exclusive lock. One that fails does not stop the others.
 *
 * @throws {InvalidInputError} there is nothing to change
 */
export async function tagSnapshots(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  change: TagChange,
  { signal, confirmLock, onChanged }: TagOptions = {},
): Promise<TagReport> {
  checkChange(change)
  let changed = 0
  let unchanged = 0
  const failed: { snapshot: StoredSnapshot; error: Error }[] = []
  const stored = await repository.snapshots(signal, () => undefined)
  const replacements = new Replacements(repository, stored, { original: 'first' })
  for (const snapshot of snapshots) {
    signal?.throwIfAborted()
    const tags = changedTags(snapshot.tags ?? [], change)
    if (tags === undefined) {
      unchanged++
      continue
    }
    await confirmLock?.()
    try {
      const replacement = await replacements.store(snapshot, { tags }, signal)
      await removeSnapshot(repository, snapshot.id, signal)
      changed++
      onChanged?.(snapshot, replacement)
    } catch (error) {
      signal?.throwIfAborted()
      failed.push({ snapshot, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  return { changed, unchanged, failed }
}

function checkChange(change: TagChange): void {
  const lists = 'set' in change ? [] : [change.add ?? [], change.remove ?? []]
  if (!('set' in change) && lists.every((list) => list.length === 0)) {
    throw new InvalidInputError('no tag is named, so there is nothing to change', {
      hint: 'name tags to set, to add or to remove',
    })
  }
}

/** The new tags, each once, in their old order; undefined when they are the same. */
function changedTags(old: readonly string[], change: TagChange): readonly string[] | undefined {
  const wanted = 'set' in change ? change.set : [...old, ...(change.add ?? [])]
  const remove = 'set' in change ? [] : (change.remove ?? [])
  const tags = [...new Set(wanted)].filter((tag) => !remove.includes(tag))
  const isSame = tags.length === old.length && tags.every((tag) => old.includes(tag))
  return isSame ? undefined : tags
}
