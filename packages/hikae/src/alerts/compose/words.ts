import type { BadCondition, RunOutcome } from '../event.ts'

/** All sentences of the messages in one language. Names, times and amounts are handed in ready to print. */
export interface Words {
  readonly subject: {
    run(job: string, outcome: RunOutcome): string
    overdue(names: string): string
    reminder(names: string, condition: BadCondition): string
    recovery(names: string): string
    digest(): string
    test(): string
  }
  readonly lead: {
    run(outcome: RunOutcome, bad: number, all: number): string
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
