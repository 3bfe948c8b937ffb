import type { RepositoryResult, RunOutcome, RunReport, SourceResult, Trouble } from '../../alerts/event.ts'
import type { StepRecord } from '../../state/run-record.ts'
import type { EndedRun } from '../jobs/stack-runner.ts'

/** A run in the words of alerts. */
export function alertReport({ id, job, outcome, steps, sources }: EndedRun): RunReport {
  const bad = steps.filter((step) => step.outcome !== 'succeeded')
  return {
    job,
    run: id,
    startedAt: Date.parse(steps[0]?.startedAt ?? new Date().toISOString()),
    endedAt: Date.parse(steps.at(-1)?.endedAt ?? new Date().toISOString()),
    outcome: outcomeOf(outcome),
    troubles: troublesOf(bad.filter(({ source }) => source === undefined)),
    sources: sources.map(({ source, outcome: ofSource, bytes }): SourceResult => {
      const own = bad.filter((step) => step.source === source)
      return {
        source,
        outcome: outcomeOf(ofSource),
        troubles: troublesOf(own.filter(({ repository }) => repository === undefined)),
        repositories: inRepositories(own),
        ...(bytes > 0 && { sizeBytes: bytes }),
      }
    }),
  }
}

function inRepositories(steps: readonly StepRecord[]): RepositoryResult[] {
  const names = [...new Set(steps.flatMap(({ repository }) => repository ?? []))]
  return names.map((repository) => ({
    repository,
    outcome: 'failed',
    troubles: troublesOf(steps.filter((step) => step.repository === repository)),
  }))
}

function troublesOf(steps: readonly StepRecord[]): Trouble[] {
  return steps.flatMap(({ repository, source, message, hint }) => {
    if (message === undefined) return []
    const about = source === undefined && repository !== undefined ? `${repository}: ` : ''
    return [{ message: about + message, ...(hint === undefined ? {} : { hint }) }]
  })
}

function outcomeOf(outcome: EndedRun['outcome']): RunOutcome {
  return outcome === 'cancelled' ? 'incomplete' : outcome
}
