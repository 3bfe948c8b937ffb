import { removeIfPresent } from '../backend/remove-if-present.ts'
import type { SnapshotId } from '../ids.ts'
import type { Repository } from '../repository/repository.ts'
import { encodeSnapshot } from '../snapshot/codec.ts'
import type { Snapshot, StoredSnapshot } from '../snapshot/snapshot.ts'

/**
 * Stores a changed version of a snapshot beside it. `original` names the first of the line (§9), so that a copy knows it
 * again.
 *
 * @param changed what differs; a field that is `undefined` is left out of the new one
 */
export async function storeReplacement(
  repository: Repository,
  old: StoredSnapshot,
  changed: { readonly [Field in keyof Snapshot]?: Snapshot[Field] | undefined },
  signal?: AbortSignal,
): Promise<StoredSnapshot> {
  const { id: oldId, ...fields } = old
  const merged = { ...fields, original: old.original ?? oldId, ...changed }
  const snapshot = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as Snapshot &
    Record<string, unknown>
  const id: SnapshotId = await repository.writeUnpacked('snapshot', encodeSnapshot(snapshot), signal)
  return { ...snapshot, id }
}

/** Removes a snapshot's file; its data stays until a prune. One that somebody else has removed is removed. */
export async function removeSnapshot(repository: Repository, id: SnapshotId, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  await removeIfPresent(repository.backend, 'snapshot', id, signal)
}
