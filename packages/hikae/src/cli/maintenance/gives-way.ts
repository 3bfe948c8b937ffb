import { ProgramError } from '../../errors.ts'
import { isMaintenanceTask } from '../../maintenance/task.ts'
import type { RunRecord } from '../../state/run-record.ts'
import type { Runs } from '../../state/runs.ts'

/** How often maintenance looks whether a job wants to run. */
const LOOK_MS = 1000

/** Maintenance was put off: a job goes first. */
export class PutOffError extends ProgramError {
  override readonly name = 'PutOffError'
  readonly code = 'PUT_OFF'
}

/** A run of maintenance that is at work on a repository, of those that are not over. */
export function findMaintenance(running: readonly RunRecord[]): RunRecord | undefined {
  return running.find(({ job, steps }) => isMaintenanceTask(job) && steps.some(({ outcome }) => outcome === undefined))
}

/**
 * Aborts as soon as a job of the stack runs, whoever began it: backups go first. To be made after the step was noted, and
 * before anything is locked: a job looks for such a step after it was noted itself, so that one of the two sees the other.
 */
export class GivesWay implements Disposable {
  readonly signal: AbortSignal
  readonly #runs: Pick<Runs, 'list'>
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(runs: Pick<Runs, 'list'>, outer: AbortSignal) {
    this.#runs = runs
    this.signal = AbortSignal.any([outer, this.#stop.signal])
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
    this.#look()
  }

  /** Why it was put off; undefined when it was not. */
  get reason(): unknown {
    return this.#stop.signal.aborted ? this.#stop.signal.reason : undefined
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    try {
      const job = this.#runs.list({ outcomes: ['running'] }).find((run) => !isMaintenanceTask(run.job))
      if (job === undefined) return
      const message = `put off: the job ${job.job} runs (run ${job.id}), which goes first`
      this.#stop.abort(new PutOffError(message, { hint: 'nothing has to be done: it is tried again by itself' }))
    } catch (error) {
      // Who cannot see whether a job runs must not hold a lock.
      this.#stop.abort(error)
    }
  }
}
