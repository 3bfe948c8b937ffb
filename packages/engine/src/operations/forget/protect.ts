import type { Candidate } from './decide.ts'

/**
 * `repaired` is set by `repair snapshots` on what it could save (§20), `incomplete` by whoever knows that something was
 * missing when the snapshot was made.
 */
const NOT_GOOD = ['repaired', 'incomplete']

/**
 * The snapshots of a group that no policy may remove, and why. Good is every snapshot but those that a tag says something
 * is missing from; restic does not mark in a snapshot that files could not be read while it was made. Clocks are not
 * trusted: where snapshots are dated in the future, because a clock went ahead or because ours stands back, the newest of
 * them stays as well as the newest of the others.
 *
 * @param candidates newest first
 * @param now nanoseconds since the epoch
 */
export function protectedSnapshots(candidates: readonly Candidate[], now: bigint): ReadonlyMap<Candidate, string> {
  const found = new Map<Candidate, string>()
  // By any clock, and by ours.
  for (const isNewest of [() => true, ({ moment }: Candidate) => moment.ns <= now]) {
    const newest = candidates.find(isNewest)
    if (newest && !found.has(newest)) found.set(newest, isGood(newest) ? 'last good snapshot' : 'newest snapshot')
    const good = candidates.find((candidate) => isNewest(candidate) && isGood(candidate))
    if (good) found.set(good, 'last good snapshot')
  }
  return found
}

function isGood({ snapshot }: Candidate): boolean {
  return !NOT_GOOD.some((tag) => snapshot.tags?.includes(tag))
}
