import { AlertStates } from './alert-states.ts'
import { Drills } from './drills.ts'
import { LabelledSources } from './labelled-sources.ts'
import { RunLogs } from './logs.ts'
import { ProcessLocks } from './process-locks.ts'
import { type ProcessOrigin, ownProcess } from './process-origin.ts'
import { pruneRuns } from './prune-runs.ts'
import { Redactor } from './redactor.ts'
import { startOfRun } from './run-id.ts'
import { Runs } from './runs.ts'
import { ScheduleStates } from './schedule-states.ts'
import { StateDatabase } from './state-database.ts'

export interface StateOptions {
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** From 0 to just under 1. */
  readonly random?: () => number
  /** Whose runs these will be; this process's by default. */
  readonly origin?: ProcessOrigin
  /** Knows the secrets that must not be written down; add to it as they are read. */
  readonly redactor?: Redactor
}

/** What is remembered of a stack: in SQLite and, for logs, in files. Losing it loses history only. */
export interface State extends AsyncDisposable {
  readonly runs: Runs
  readonly logs: RunLogs
  readonly alerts: AlertStates
  readonly schedules: ScheduleStates
  readonly labelled: LabelledSources
  readonly drills: Drills
  readonly redactor: Redactor
  /** What a person should be told: what of the history was lost, and where the rest of it is. Grows while the state is open. */
  readonly warnings: readonly string[]
  /**
   * Forgets runs that are older than so many days, and their logs; never the last good one of a source, of a source in a
   * repository, or of a job.
   *
   * @returns how many runs were forgotten
   */
  prune(keepDays: number): Promise<number>
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Opens the state in a folder, which is made when it is not there. Several processes can have it open.
 *
 * @throws {StateError} the folder or the file cannot be used
 * @throws {StateVersionError} a later Hikae has written it
 */
export function openState(folder: string, options: StateOptions): State {
  const { clock, random = Math.random, origin = ownProcess(), redactor = new Redactor() } = options
  const warnings: string[] = []
  const onLoss = (message: string): void => {
    if (!warnings.includes(message)) warnings.push(message)
  }
  const database = new StateDatabase(folder, { clock, onLoss })
  const logs = new RunLogs(folder, { clock, redactor })
  const locks = new ProcessLocks(folder)
  const runs = new Runs(database, { clock, random, origin, locks, redactor, onLoss })
  return {
    runs,
    logs,
    alerts: new AlertStates(database),
    schedules: new ScheduleStates(database, clock),
    labelled: new LabelledSources(database, clock),
    drills: new Drills(database, redactor),
    redactor,
    warnings,
    async prune(keepDays) {
      const beforeMs = clock() - keepDays * DAY_MS
      const forgotten = pruneRuns(database, beforeMs)
      // Also those of runs that a lost database knew.
      const old = (await logs.runs()).filter((run) => startOfRun(run) < beforeMs && runs.get(run) === undefined)
      for (const run of old) await logs.remove(run)
      locks.sweep()
      return forgotten.length
    },
    async [Symbol.asyncDispose]() {
      locks[Symbol.dispose]()
      database[Symbol.dispose]()
    },
  }
}
