import type { Freshness, RunReport, Subject } from './event.ts'
import { worstOutcome } from './outcome.ts'
import type { Condition } from './policy.ts'

/** A subject as it was found. */
export interface Observation {
  readonly key: string
  readonly subject: Subject
  readonly condition: Condition
}

/** Names may hold anything that JSON can. */
function subjectKey({ job, source, repository }: Subject, aspect: 'run' | 'freshness'): string {
  return JSON.stringify([aspect, job, source ?? null, repository ?? null])
}

/**
 * What a run says about its sources, about its repositories, and about itself: of the run itself only what neither
 * explains, such as a hook that failed.
 */
export function observeRun({ job, outcome, sources, repositories: maintained = [] }: RunReport): Observation[] {
  const repositories = Map.groupBy(
    sources.flatMap((source) => source.repositories),
    ({ repository }) => repository,
  )
  const parts = [
    ...sources.map(({ source, outcome }) => ({ subject: { job, source }, outcome })),
    ...[...repositories].map(([repository, results]) => ({
      subject: { job, repository },
      outcome: worstOutcome(results.map((result) => result.outcome)),
    })),
    ...maintained.map(({ repository, outcome }) => ({ subject: { job, repository }, outcome })),
  ]
  const explained = worstOutcome(parts.map((part) => part.outcome))
  const own = worstOutcome([explained, outcome]) === explained ? 'succeeded' : outcome
  return [{ subject: { job }, outcome: own }, ...parts].map(({ subject, outcome }) => ({
    key: subjectKey(subject, 'run'),
    subject,
    condition: outcome === 'succeeded' ? 'good' : outcome,
  }))
}

export function observeFreshness(items: readonly Freshness[]): Observation[] {
  return items.map(({ job, source, overdueSince }) => {
    const subject = source === undefined ? { job } : { job, source }
    return {
      key: subjectKey(subject, 'freshness'),
      subject,
      condition: overdueSince === null ? 'good' : 'overdue',
    }
  })
}
