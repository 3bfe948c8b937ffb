import { dueAt } from '../schedules/due.ts'
import type { JobMarks } from '../schedules/scheduled-job.ts'
import type { ScheduledTask } from './scheduled-task.ts'
import { type RememberedSteps, type TaskHistory, taskHistory } from './task-history.ts'

const FIRST_RETRY_MS = 15 * 60_000
const LONGEST_RETRY_MS = 24 * 3_600_000

/** How long what could not be done rests, by how often that has been tried: twice as long each time, up to a day. */
export function retryAfterMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20), LONGEST_RETRY_MS)
}

/** What a schedule has to know of a task in one repository. */
export function repositoryMarks({ lastTried, failures }: TaskHistory, firstSeen: Date): JobMarks {
  if (lastTried === undefined) return { firstSeen }
  const lastStarted = new Date(lastTried.startedAt)
  if (failures === 0) return { firstSeen, lastStarted }
  return { firstSeen, lastStarted, retryAt: new Date(lastStarted.getTime() + retryAfterMs(failures)) }
}

/** The repositories in which a task is due, each by itself: one that was away does not hold up the others. */
export function dueRepositories(
  task: ScheduledTask,
  remembered: RememberedSteps,
  { firstSeen, now }: { readonly firstSeen: Date; readonly now: Date },
): string[] {
  return task.repositories.filter((repository) => {
    return dueAt(task, repositoryMarks(taskHistory(remembered, task.name, repository), firstSeen), now).isDue
  })
}

/** When a task is to be tried again in some repository, before its next time; undefined when there is no reason to. */
export function retryOf(
  task: ScheduledTask,
  remembered: RememberedSteps,
  { firstSeen, now }: { readonly firstSeen: Date; readonly now: Date },
): Date | undefined {
  const times = task.repositories.flatMap((repository) => {
    const marks = repositoryMarks(taskHistory(remembered, task.name, repository), firstSeen)
    return dueAt(task, marks, now).isDue ? now : (marks.retryAt ?? [])
  })
  return times.reduce<Date | undefined>((first, time) => (first && first <= time ? first : time), undefined)
}
