import { dueAt } from '../schedules/due.ts'
import type { StepRecord } from '../state/run-record.ts'
import { repositoryMarks } from './due-repositories.ts'
import type { ScheduledTask } from './scheduled-task.ts'
import { type RememberedSteps, standingDamage, type TaskHistory, taskHistory } from './task-history.ts'
import type { MaintenanceTask } from './task.ts'

/**
 * `damaged`: a check has found damage that nothing has shown to be repaired. `overdue`: two of its times have passed without
 * it. `failed`: the last attempt failed. `never`: its first time is yet to come, or has just been.
 */
export type MaintenanceVerdict = 'done' | 'never' | 'overdue' | 'failed' | 'damaged'

/** How a task stands in one repository. */
export interface MaintenanceStatus {
  readonly task: MaintenanceTask
  readonly repository: string
  readonly verdict: MaintenanceVerdict
  /** When it last went well, by schedule or by hand. */
  readonly lastGood?: Date
  /** The attempt that found damage, or that failed. */
  readonly trouble?: StepRecord
  /** When it is done next. */
  readonly next?: Date
}

/** When checks of each depth last found no error: ISO 8601. */
export type PassedByDepth = { readonly [Depth in 'structure' | 'part' | 'all']?: string | undefined }

export interface MaintenanceFacts {
  /** Absent when nothing is remembered. */
  readonly remembered?: RememberedSteps | undefined
  /** When a task was first seen, as far as that is remembered. */
  readonly firstSeen: (task: MaintenanceTask) => Date | undefined
  /** Of a repository; undefined when it cannot be reached. */
  readonly passedChecks: (repository: string) => PassedByDepth | undefined
  readonly now: Date
}

export function maintenanceStatuses(tasks: readonly ScheduledTask[], facts: MaintenanceFacts): MaintenanceStatus[] {
  return tasks.flatMap((task) => task.repositories.map((repository) => statusOf(task, repository, facts)))
}

/** Whether nothing has to be done about it. */
export function isFine({ verdict }: MaintenanceStatus): boolean {
  return verdict === 'done' || verdict === 'never'
}

function statusOf(task: ScheduledTask, repository: string, facts: MaintenanceFacts): MaintenanceStatus {
  const { remembered, now } = facts
  const history: TaskHistory = remembered ? taskHistory(remembered, task.name, repository) : { failures: 0 }
  const passed = task.name === 'check' ? (facts.passedChecks(repository) ?? {}) : {}
  const damage = standingDamage(history, passed.all)
  const lastGood = latest([
    ...(history.lastDone && !damage ? [history.lastDone.startedAt] : []),
    ...depthsThatCount(task).map((depth) => passed[depth]),
  ])
  const firstSeen = facts.firstSeen(task.name) ?? now
  const due = dueAt(task, repositoryMarks(history, firstSeen), now)
  const { lastTried } = history
  const isFailing = lastTried?.outcome === 'failed' && !(lastGood && new Date(lastTried.startedAt) <= lastGood)
  const trouble = damage ?? (isFailing ? lastTried : undefined)
  const next = due.isDue ? now : due.next
  return {
    task: task.name,
    repository,
    verdict: damage ? 'damaged' : verdictOf(task, { lastGood, firstSeen, isFailing, now }),
    ...(lastGood && { lastGood }),
    ...(trouble && { trouble }),
    ...(next && { next }),
  }
}

interface Standing {
  readonly lastGood: Date | undefined
  readonly firstSeen: Date
  readonly isFailing: boolean
  readonly now: Date
}

function verdictOf(task: ScheduledTask, { lastGood, firstSeen, isFailing, now }: Standing): MaintenanceVerdict {
  const since = lastGood ?? firstSeen
  if (dueAt(task, { firstSeen: since, lastStarted: since }, now).missed >= 2) return 'overdue'
  if (isFailing) return 'failed'
  return lastGood ? 'done' : 'never'
}

/** A look at the structure is no substitute for reading data. */
function depthsThatCount({ readData }: ScheduledTask): readonly (keyof PassedByDepth)[] {
  if (readData === undefined) return ['structure', 'part', 'all']
  return readData === 'all' ? ['all'] : ['part', 'all']
}

function latest(times: readonly (string | undefined)[]): Date | undefined {
  const given = times.flatMap((time) => (time === undefined ? [] : [Date.parse(time)]))
  return given.length === 0 ? undefined : new Date(Math.max(...given))
}
