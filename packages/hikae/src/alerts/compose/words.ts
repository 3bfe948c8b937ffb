import type { MaintenanceTask } from '../../maintenance/task.ts'
import type { BadCondition, RunOutcome } from '../event.ts'

export type Work = 'backup' | MaintenanceTask

/** All sentences of the messages in one language. Names, times and amounts are handed in ready to print. */
export interface Words {
  /** What is done: the backup of jobs or sources, or what maintenance does with repositories. */
  work(kind: Work, names: string): string
  /** `work` is what that function gives. */
  readonly subject: {
    run(work: string, outcome: RunOutcome): string
    damage(repositories: readonly string[]): string
    overdue(work: string): string
    reminder(work: string, condition: BadCondition): string
    recovery(work: string): string
    digest(): string
    test(): string
  }
  readonly lead: {
    run(outcome: RunOutcome, bad: number, all: number): string
    damage(): string
    maintenance(bad: number, all: number): string
    overdue(count: number): string
    reminder(condition: BadCondition, lasted: string): string
    recovery(): string
    /** After a recovery: the rest of the job still fails. */
    notAll(): string
    unstable(): string
    digest(runs: Readonly<Record<RunOutcome, number>>): string
    test(): string
  }
  readonly item: {
    outcome(outcome: RunOutcome): string
    runItself(): string
    /** All those of the stack. */
    repositories(): string
    overdue(lastGood: string | null, rpo: string): string
    lasting(condition: BadCondition, since: string, lasted: string): string
    over(condition: BadCondition, lasted: string): string
    newest(lastGood: string | null, rpo: string | undefined): string
    size(size: string): string
    andMore(count: number): string
  }
  readonly label: Readonly<Record<'job' | 'run' | 'host' | 'stack' | 'started' | 'took' | 'period' | 'stored', string>>
  /** Several names: the first, and how many others. */
  names(first: string, others: number): string
  within(name: string, job: string): string
  seeLog(command: string): string
  seeStatus(command: string, backup: string): string
  ago(duration: string): string
  /** Before what is to be done. */
  next(step: string): string
  /** One after the other. */
  sentences(parts: readonly string[]): string
  /** So many items had no room. */
  more(count: number): string
}
