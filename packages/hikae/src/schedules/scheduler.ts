import type { Clock } from './clock.ts'
import { JobLoop } from './job-loop.ts'
import type { JobMarks, ScheduledJob } from './scheduled-job.ts'

export interface SchedulerOptions {
  readonly jobs: readonly ScheduledJob[]
  readonly clock: Clock
  /** What is remembered of a job; asked when the scheduler first hears of it. */
  readonly marks: (job: ScheduledJob) => JobMarks
  /**
   * Runs a job to its end. It should note that it began, for the next start of the program; while a scheduler lives, it
   * knows itself.
   *
   * @returns when to try again what it could not do, if before the next time
   */
  readonly run: (job: ScheduledJob, occasion: Occasion) => Promise<Date | undefined>
  /** Told when `run` throws; the job is due again at its next time. */
  readonly onFailure: (job: ScheduledJob, error: unknown) => void
  /** How many jobs run at the same time (default 1: they share disks and a network). */
  readonly atOnce?: number
  /** Aborted: nothing begins any more, and what runs is told to stop. */
  readonly signal?: AbortSignal
}

/** Why a run begins. */
export interface Occasion {
  /** The first time that it serves; when it was asked for, if it is by request. */
  readonly since: Date
  /** Times that it serves together; 0 when it is by request only. */
  readonly missed: number
  /** Aborted when the run has to stop. */
  readonly signal: AbortSignal
}

/** Disposing of it begins nothing any more, and waits for what runs. */
export interface Scheduler extends AsyncDisposable {
  /** By name. */
  readonly running: readonly string[]
  /**
   * Other jobs from now on. What runs goes on, and is not begun a second time beside it; what stays under its name keeps
   * its memory, so that a new schedule, by which it would have run since, makes it due at once.
   */
  replaceJobs(jobs: readonly ScheduledJob[]): void
  /**
   * Runs a job as soon as its hours and the others allow it, once for all requests until then. One that runs already
   * runs again afterwards.
   *
   * @returns whether there is such a job
   */
  request(name: string): boolean
  /** When it last looked what is due. It does so about twice a minute, whatever runs. */
  readonly lookedAt: Date
  /** When a job begins next, as far as that is known. */
  nextStart(name: string): Date | undefined
  /**
   * Ends when nothing runs and nothing that may begin is due, also when it is stopped: whoever runs once what is due waits
   * for it, and is then as good as a daemon.
   */
  idle(): Promise<void>
}

/**
 * Runs jobs when they are due: never one twice at the same time, at most `atOnce` together, those first that have waited
 * longest. What became due meanwhile, or while the machine was off, runs once. When the clock is set forward, that is like
 * having been off; when it is set back, nothing runs again that has run.
 */
export function startScheduler(options: SchedulerOptions): Scheduler {
  return new JobLoop(options)
}
