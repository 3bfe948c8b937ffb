import { InvalidInputError } from '../../errors.ts'
import type { SnapshotId } from '../../ids.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { type CalendarDuration, scaleDuration } from './calendar-duration.ts'
import type { Candidate } from './decide.ts'
import { addDuration, momentAt, zoneIn, type ZoneRule } from './moment.ts'

/** Enough for a backup every hour for a year, or every day for 27. */
const MOST_EXPECTED = 10_000

/** New snapshots take over those tags that so many of the newest all carry: one may be tagged on its own. */
const TAGGED_ALIKE = 5

export interface Expectation {
  readonly every: CalendarDuration
  /** Nanoseconds since the epoch, as is `end`. */
  readonly now: bigint
  readonly end: bigint
  readonly zone: ZoneRule
}

/**
 * The snapshots that a group will get if its backups go on as regularly.
 *
 * @param present newest first, at least one
 * @returns oldest first
 * @throws {InvalidInputError} there are too many to look at
 */
export function expectedSnapshots(present: readonly Candidate[], { every, now, end, zone }: Expectation): Candidate[] {
  const newest = present.find(({ moment }) => moment.ns <= now)
  const model = (newest ?? present[0]!).snapshot
  const start = newest?.moment ?? momentAt(now, zoneIn(model.time))
  const tags = commonTags(present)
  const expected: Candidate[] = []
  for (let number = 1; ; number++) {
    const ns = addDuration(start, scaleDuration(every, number), zone)
    if (ns > end) return expected
    if (ns <= now) continue
    if (expected.length === MOST_EXPECTED) throw new TooManyExpectedError()
    const moment = momentAt(ns, zoneIn(model.time))
    const id = number.toString(16).padStart(64, '0') as SnapshotId
    const snapshot: StoredSnapshot = { ...model, id, time: moment.text, tags }
    expected.push({ snapshot, moment })
  }
}

class TooManyExpectedError extends InvalidInputError {
  constructor() {
    super(`more than ${MOST_EXPECTED} backups would be made in that time`, {
      hint: 'look ahead for a shorter time, or take backups to be made less often',
    })
  }
}

function commonTags(present: readonly Candidate[]): readonly string[] {
  const [first, ...others] = present.slice(0, TAGGED_ALIKE).map(({ snapshot }) => snapshot.tags ?? [])
  return first!.filter((tag) => others.every((tags) => tags.includes(tag)))
}
