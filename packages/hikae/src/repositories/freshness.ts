import type { StoredSnapshot } from '@hikae/engine'
import { type Holding, planCatchUp } from './catch-up-plan.ts'

/** How far a repository is behind the sibling that has most of what it lacks. */
export interface Lag<Sibling> {
  readonly behind: Sibling
  /** At least one. */
  readonly snapshots: number
  /** How much older its newest snapshot is; 0 when only others are missing, undefined when it has none at all. */
  readonly olderByMs: number | undefined
}

/**
 * @param pending as for {@link planCatchUp}
 * @returns undefined when it is level with all of them
 */
export function lagOf<Sibling extends Holding>(
  target: Pick<Holding, 'snapshots'>,
  siblings: readonly Sibling[],
  pending?: ReadonlySet<string>,
): Lag<Sibling> | undefined {
  const own = newestOf(target.snapshots)
  return siblings
    .map((behind): Lag<Sibling> => {
      const wanted = planCatchUp(target, [behind], pending).wanted.map(({ snapshot }) => snapshot)
      const theirs = newestOf(wanted)
      const olderByMs = own === undefined || theirs === undefined ? undefined : Math.max(0, theirs - own)
      return { behind, snapshots: wanted.length, olderByMs }
    })
    .filter(({ snapshots }) => snapshots > 0)
    .reduce<Lag<Sibling> | undefined>(
      (most, lag) => (most !== undefined && most.snapshots >= lag.snapshots ? most : lag),
      undefined,
    )
}

/** Milliseconds since the epoch of the newest; undefined when there is none. */
function newestOf(snapshots: readonly StoredSnapshot[]): number | undefined {
  if (snapshots.length === 0) return undefined
  return snapshots.reduce((newest, { time }) => Math.max(newest, Date.parse(time)), -Infinity)
}
