import type { Candidate } from './decide.ts'

/** Set by `repair snapshots` on what it could save (§20): parts of the original are missing. */
const REPAIRED_TAG = 'repaired'

/**
 * The snapshots of a group that no policy may remove, and why. Good is every snapshot that can be read, but one whose
 * content was lost in part and which was repaired; neither restic nor we mark in a snapshot that files could not be read
 * while it was made. Clocks are not trusted: where snapshots are dated in the future, because a clock went ahead or because
 * ours stands back, the newest of them stays as well as the newest of the others.
 *
 * @param candidates newest first
 * @param now nanoseconds since the epoch
 */
export function protectedSnapshots(candidates: readonly Candidate[], now: bigint): ReadonlyMap<Candidate, string> {
  const found = new Map<Candidate, string>()
  const good = candidates.filter(({ snapshot }) => !snapshot.tags?.includes(REPAIRED_TAG))
  for (const newest of newestOf(candidates, now)) found.set(newest, 'newest snapshot')
  for (const newest of newestOf(good, now)) found.set(newest, 'last good snapshot')
  return found
}

/** By any clock, and by ours. */
function newestOf(candidates: readonly Candidate[], now: bigint): Candidate[] {
  const newest = [candidates[0], candidates.find(({ moment }) => moment.ns <= now)]
  return newest.filter((candidate) => candidate !== undefined)
}
