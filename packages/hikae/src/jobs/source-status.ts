import type { StoredSnapshot } from '@hikae/engine'
import { INCOMPLETE_TAG } from '../points/read-source.ts'
import { dueAt } from '../schedules/due.ts'
import { nextAfter } from '../schedules/occurrences.ts'
import { isTimed } from '../schedules/schedule.ts'
import type { ScheduledJob } from '../schedules/scheduled-job.ts'
import type { Job } from './job.ts'

/** A job with its schedule. */
export type JobOnTime = Job & Pick<ScheduledJob, 'schedule' | 'timeZone' | 'between'>

/** The same, of whose sources no more is known than what they are called. */
export type StatedJob = Omit<JobOnTime, 'sources'> & { readonly sources: readonly StatedSource[] }

export interface StatedSource {
  readonly name: string
  readonly kind: { readonly name: string }
  /** ISO 8601; of one that was not there from the beginning of its job. */
  readonly firstSeen?: string
}

/** What a repository holds; absent snapshots: it could not be reached. */
export interface HeldSnapshots {
  readonly repository: string
  readonly snapshots?: readonly StoredSnapshot[]
}

/**
 * `never`: there is no good point. `overdue`: the last one is older than promised or, where nothing is promised, than two
 * times of the schedule.
 */
export type SourceVerdict = 'fresh' | 'overdue' | 'never'

/** How a source stands now. */
export interface SourceStatus {
  readonly source: string
  readonly kind: string
  readonly jobs: readonly string[]
  readonly verdict: SourceVerdict
  /** When the last good point was made. */
  readonly lastGood?: Date
  /** Those that have that point, and those that should. */
  readonly heldBy: readonly string[]
  readonly missingFrom: readonly string[]
  /** The strictest promises of its jobs. */
  readonly rpoMs?: number
  readonly rtoMs?: number
  /** When it will be saved next, as far as that is known. */
  readonly next?: Date
  /** Of one that a container brought and brings no more. */
  readonly gone?: { readonly container: string; readonly lastSeen: string }
}

export interface StatusFacts {
  readonly stack: string
  readonly held: readonly HeldSnapshots[]
  readonly now: Date
}

/** How the sources of jobs stand, by what the repositories hold: history that is lost makes no difference. */
export function sourceStatuses(jobs: readonly StatedJob[], facts: StatusFacts): SourceStatus[] {
  const names = new Set(jobs.flatMap(({ sources }) => sources.map(({ name }) => name)))
  return [...names].map((name) => {
    const own = jobs.filter(({ sources }) => sources.some((source) => source.name === name))
    return statusOf(name, own, facts)
  })
}

function statusOf(source: string, jobs: readonly StatedJob[], { stack, held, now }: StatusFacts): SourceStatus {
  const kind = jobs[0]!.sources.find(({ name }) => name === source)!.kind.name
  const tags = ['hikae', `stack=${stack}`, `source=${source}`]
  const good = held.flatMap(({ repository, snapshots = [] }) =>
    snapshots.filter((snapshot) => isGood(snapshot, tags)).map((snapshot) => ({ repository, snapshot })),
  )
  const last = good.reduce<(typeof good)[number] | undefined>(
    (newest, each) => (newest && Date.parse(newest.snapshot.time) >= Date.parse(each.snapshot.time) ? newest : each),
    undefined,
  )
  const heldBy = good
    .filter(({ snapshot }) => last && runOf(snapshot) === runOf(last.snapshot))
    .map(({ repository }) => repository)
  const wanted = [...new Set(jobs.flatMap(({ repositories }) => repositories))]
  const rpoMs = least(jobs.map(({ objectives }) => objectives.rpoMs))
  const rtoMs = least(jobs.map(({ objectives }) => objectives.rtoMs))
  const next = earliest(jobs.flatMap(({ schedule, timeZone }) => nextAfter(schedule, timeZone, now) ?? []))
  const lastGood = last && new Date(last.snapshot.time)
  return {
    source,
    kind,
    jobs: jobs.map(({ name }) => name),
    verdict: lastGood === undefined ? 'never' : isOverdue(lastGood, jobs, rpoMs, now) ? 'overdue' : 'fresh',
    heldBy,
    missingFrom: last ? wanted.filter((name) => !heldBy.includes(name)) : wanted,
    ...(lastGood && { lastGood }),
    ...(rpoMs === undefined ? {} : { rpoMs }),
    ...(rtoMs === undefined ? {} : { rtoMs }),
    ...(next && { next }),
  }
}

function isGood({ tags = [] }: StoredSnapshot, wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag)) && !tags.includes(INCOMPLETE_TAG)
}

function runOf({ tags = [] }: StoredSnapshot): string | undefined {
  return tags.find((tag) => tag.startsWith('run='))
}

function isOverdue(lastGood: Date, jobs: readonly StatedJob[], rpoMs: number | undefined, now: Date): boolean {
  if (rpoMs !== undefined) return now.getTime() - lastGood.getTime() > rpoMs
  const timed = jobs.filter(({ schedule }) => isTimed(schedule))
  const marks = { firstSeen: lastGood, lastStarted: lastGood }
  return timed.length > 0 && timed.every((job) => dueAt(job, marks, now).missed >= 2)
}

function least(numbers: readonly (number | undefined)[]): number | undefined {
  const given = numbers.filter((number) => number !== undefined)
  return given.length === 0 ? undefined : Math.min(...given)
}

function earliest(times: readonly Date[]): Date | undefined {
  return times.length === 0 ? undefined : new Date(Math.min(...times.map((time) => time.getTime())))
}
