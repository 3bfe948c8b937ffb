import type { SnapshotId } from '../../ids.ts'
import { parseTime } from '../../json/go-time.ts'
import type { Snapshot, StoredSnapshot } from '../../snapshot/snapshot.ts'

/** Finds the copy of a snapshot among those of a repository, by restic's rule (§20). */
export class KnownCopies {
  readonly #byOrigin = new Map<SnapshotId, StoredSnapshot[]>()

  constructor(snapshots: readonly StoredSnapshot[]) {
    for (const snapshot of snapshots) {
      this.#add(snapshot.id, snapshot)
      if (snapshot.original !== undefined) this.#add(snapshot.original, snapshot)
    }
  }

  /** One of the same origin in which nothing that matters was changed since. */
  find(snapshot: StoredSnapshot): StoredSnapshot | undefined {
    const related = this.#byOrigin.get(originOf(snapshot)) ?? []
    return related.find((other) => isSame(snapshot, other))
  }

  #add(origin: SnapshotId, snapshot: StoredSnapshot): void {
    const related = this.#byOrigin.get(origin)
    if (related) related.push(snapshot)
    else this.#byOrigin.set(origin, [snapshot])
  }
}

/** The id under which a snapshot was made: it stays the same over copies and changed tags. */
export function originOf({ original, id }: StoredSnapshot): SnapshotId {
  return original ?? id
}

/** Everything but parent and original; the writing program and its summary do not count either. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  return (
    a.tree === b.tree &&
    parseTime(a.time) === parseTime(b.time) &&
    a.hostname === b.hostname &&
    a.username === b.username &&
    (a.uid ?? 0) === (b.uid ?? 0) &&
    (a.gid ?? 0) === (b.gid ?? 0) &&
    isSameSet(a.paths, b.paths) &&
    isSameSet(a.tags ?? [], b.tags ?? []) &&
    JSON.stringify(a.excludes ?? []) === JSON.stringify(b.excludes ?? [])
  )
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && b.every((text) => a.includes(text))
}
