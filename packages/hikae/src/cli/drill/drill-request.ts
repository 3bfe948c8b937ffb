import type { JobSource } from '../../jobs/job.ts'
import type { PointChoice } from '../jobs/find-point.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'

/** What `hikae drill` is to rehearse. */
export interface DrillRequest {
  readonly stack: StackJobs
  readonly sources: readonly JobSource[]
  /** Whether these are all that were meant: what containers bring could be asked for. */
  readonly isComplete: boolean
  /** Which point of each; the newest by default. */
  readonly at: PointChoice['at']
  /** Folder in which it is all brought back; in that of the state by default. */
  readonly scratch?: string | undefined
}
