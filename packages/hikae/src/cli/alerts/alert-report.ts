import type { RepositoryResult, RunOutcome, RunReport, SourceResult, Trouble } from '../../alerts/event.ts'
import { foundDamage } from '../../maintenance/task-history.ts'
import { isMaintenanceTask } from '../../maintenance/task.ts'
import type { StepRecord } from '../../state/run-record.ts'
import type { EndedRun } from '../jobs/stack-runner.ts'

/** A run in the words of alerts. */
export function alertReport({ id, job, outcome, steps, sources }: EndedRun): RunReport {
  const bad = steps.filter((step) => step.outcome !== 'succeeded')
  const common = {
    job,
    run: id,
    startedAt: Date.parse(steps[0]?.startedAt ?? new Date().toISOString()),
    endedAt: Date.parse(steps.at(-1)?.endedAt ?? new Date().toISOString()),
    outcome: outcomeOf(outcome),
  }
  if (isMaintenanceTask(job)) return { ...common, troubles: [], sources: [], repositories: maintained(steps) }
  return {
    ...common,
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

/** What was put off is tried again by itself, and says nothing about the repository. */
function maintained(steps: readonly StepRecord[]): RepositoryResult[] {
  return steps
    .filter(({ outcome }) => outcome !== 'skipped')
    .map((step) => ({
      repository: step.repository ?? '',
      outcome: maintenanceOutcome(step),
      troubles: troublesOf([step], ''),
      ...(foundDamage(step) && { isDamaged: true }),
    }))
}

/** That a check could not be made is less than what a check can find: damage that follows has to be told. */
function maintenanceOutcome(step: StepRecord): RunOutcome {
  if (step.outcome === 'succeeded') return 'succeeded'
  if (foundDamage(step)) return 'failed'
  return step.kind === 'check' || step.outcome !== 'failed' ? 'incomplete' : 'failed'
}

function inRepositories(steps: readonly StepRecord[]): RepositoryResult[] {
  const names = [...new Set(steps.flatMap(({ repository }) => repository ?? []))]
  return names.map((repository) => ({
    repository,
    outcome: 'failed',
    troubles: troublesOf(steps.filter((step) => step.repository === repository)),
  }))
}

function troublesOf(steps: readonly StepRecord[], prefix?: string): Trouble[] {
  return steps.flatMap(({ repository, source, message, hint }) => {
    if (message === undefined) return []
    const about = prefix ?? (source === undefined && repository !== undefined ? `${repository}: ` : '')
    return [{ message: about + message, ...(hint === undefined ? {} : { hint }) }]
  })
}

function outcomeOf(outcome: EndedRun['outcome']): RunOutcome {
  return outcome === 'cancelled' ? 'incomplete' : outcome
}
