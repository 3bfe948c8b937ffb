import { parseTime, type StoredSnapshot } from '@hikae/engine'
import { groupOf, momentOf } from './moment.ts'

/** A repository and what it holds. */
export interface Holding {
  /** Reading it costs nobody's bandwidth. */
  readonly isLocal: boolean
  readonly snapshots: readonly StoredSnapshot[]
}

export interface WantedSnapshot<Sibling> {
  readonly from: Sibling
  readonly snapshot: StoredSnapshot
}

export interface CatchUpPlan<Sibling> {
  /** Oldest first. */
  readonly wanted: readonly WantedSnapshot<Sibling>[]
  /** How many moments before its newest the target lacks, by the sibling that has them. */
  readonly older: ReadonlyMap<Sibling, number>
}

/**
 * What brings a repository level with its siblings: every snapshot of theirs that is newer than the newest it has of the
 * same host and paths. Older ones that it lacks are only counted: retention may have removed them on purpose. Each moment
 * is taken from one sibling, a local one if possible, else in the order given. Changes nothing.
 *
 * @param pending moments of an earlier plan that was not carried out to its end: wanted however old they are
 */
export function planCatchUp<Sibling extends Holding>(
  target: Pick<Holding, 'snapshots'>,
  siblings: readonly Sibling[],
  pending: ReadonlySet<string> = new Set(),
): CatchUpPlan<Sibling> {
  const present = new Set(target.snapshots.map(momentOf))
  const newest = newestByGroup(target.snapshots)
  const holders = new Map<string, Sibling>()
  const older = new Map<Sibling, number>()
  const wanted = new Map<string, WantedSnapshot<Sibling>>()
  for (const sibling of localFirst(siblings)) {
    for (const snapshot of sibling.snapshots) {
      const moment = momentOf(snapshot)
      if (present.has(moment)) continue
      const isFirst = !holders.has(moment)
      if (isFirst) holders.set(moment, sibling)
      if (holders.get(moment) !== sibling) continue
      const isNewer = parseTime(snapshot.time) > (newest.get(groupOf(snapshot)) ?? BEFORE_ALL)
      if (isNewer || pending.has(moment)) wanted.set(contentOf(snapshot), { from: sibling, snapshot })
      else if (isFirst) older.set(sibling, (older.get(sibling) ?? 0) + 1)
    }
  }
  return { wanted: [...wanted.values()].sort(byTime), older }
}

/** Before any time that the format can hold. */
const BEFORE_ALL = -(1n << 80n)

function newestByGroup(snapshots: readonly StoredSnapshot[]): ReadonlyMap<string, bigint> {
  const newest = new Map<string, bigint>()
  for (const snapshot of snapshots) {
    const [group, time] = [groupOf(snapshot), parseTime(snapshot.time)]
    if (time > (newest.get(group) ?? BEFORE_ALL)) newest.set(group, time)
  }
  return newest
}

function localFirst<Sibling extends Holding>(siblings: readonly Sibling[]): Sibling[] {
  return [...siblings.filter(({ isLocal }) => isLocal), ...siblings.filter(({ isLocal }) => !isLocal)]
}

/** All but what a copy changes: a snapshot and its copies are the same. */
function contentOf({ id: _id, parent: _parent, original: _original, ...content }: StoredSnapshot): string {
  const fields = Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(fields)
}

function byTime({ snapshot: a }: WantedSnapshot<unknown>, { snapshot: b }: WantedSnapshot<unknown>): number {
  const [first, second] = [parseTime(a.time), parseTime(b.time)]
  if (first === second) return a.id < b.id ? -1 : 1
  return first < second ? -1 : 1
}
