import type { DatabaseSync } from 'node:sqlite'
import { withoutUndefined } from '../without-undefined.ts'
import type { ProcessLocks } from './process-locks.ts'
import type { ProcessOrigin } from './process-origin.ts'
import type { Redactor } from './redactor.ts'
import { newRunId } from './run-id.ts'
import type { RunFinding, RunId, RunOutcome, RunRecord, RunStart } from './run-record.ts'
import type { SourceResult, StepEnd, StepRecord, StepStart } from './run-record.ts'
import type { StateDatabase } from './state-database.ts'
import { StateError } from './state-error.ts'
import { insertRun, putSourceResult, putStep } from './write-rows.ts'

export interface RunWriterOptions {
  readonly clock: () => number
  readonly random: () => number
  readonly origin: ProcessOrigin
  readonly locks: ProcessLocks
  readonly redactor: Redactor
  /** Told when something could not be written down. */
  readonly onLoss: (message: string) => void
}

/** So many runs do not begin in one second by one chance in 65536. */
const ATTEMPTS = 20

type Work = (database: DatabaseSync) => void

interface BegunRun {
  readonly record: RunRecord
  lastStep: number
  /** What could not be written yet, in order. */
  pending: readonly Work[]
}

/**
 * Writes down what runs of this process do, as they do it, without secrets. Nothing here fails a run: what cannot be written
 * is told of, and written with what comes next of the same run. When the database is lost meanwhile, the run is in
 * the new one from there on.
 */
export class RunWriter {
  readonly #database: StateDatabase
  readonly #options: RunWriterOptions
  readonly #begun = new Map<RunId, BegunRun>()

  constructor(database: StateDatabase, options: RunWriterOptions) {
    this.#database = database
    this.#options = options
  }

  begin(start: RunStart): RunRecord {
    const { clock, random } = this.#options
    const origin = this.#origin()
    const startedMs = clock()
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const record: RunRecord = {
        id: newRunId(startedMs, random),
        ...start,
        startedAt: new Date(startedMs).toISOString(),
        host: origin.host,
        pid: origin.pid,
        steps: [],
        sources: [],
      }
      if (this.#write((database) => insertRun(database, record, origin)) === false) continue
      this.#begun.set(record.id, { record, lastStep: 0, pending: [] })
      return record
    }
    throw new StateError(`no id is free for a run at ${new Date(startedMs).toISOString()}`, {
      hint: 'see that the clock of this machine runs, and try again',
    })
  }

  beginStep(run: RunId, start: StepStart): StepRecord {
    const begun = this.#begunRun(run)
    const step = { number: ++begun.lastStep, ...start, startedAt: this.#now() }
    this.#writeRun(run, (database) => putStep(database, run, step))
    return step
  }

  /** @param step as it was begun */
  endStep(run: RunId, step: StepRecord, end: StepEnd): StepRecord {
    const { redactor } = this.#options
    const ended = withoutUndefined({
      ...step,
      endedAt: this.#now(),
      outcome: end.outcome,
      message: end.message === undefined ? undefined : redactor.text(end.message),
      hint: end.hint === undefined ? undefined : redactor.text(end.hint),
      facts: redactor.value(end.facts),
    }) as StepRecord
    this.#writeRun(run, (database) => putStep(database, run, ended))
    return ended
  }

  /** What a run did for a source; a second result for the same one replaces the first. */
  addSource(run: RunId, result: SourceResult): void {
    const { redactor } = this.#options
    const findings = result.findings.map((finding) => redactedFinding(finding, redactor))
    this.#writeRun(run, (database) => putSourceResult(database, run, { ...result, findings }))
  }

  /** The last word: it counts also when somebody had taken the run for interrupted. */
  end(run: RunId, outcome: RunOutcome): void {
    const endedAt = this.#now()
    this.#writeRun(run, (database) => {
      database.prepare('update runs set ended_at = ?, outcome = ? where id = ?').run(endedAt, outcome, run)
    })
    this.#begun.delete(run)
  }

  #writeRun(run: RunId, work: Work): void {
    const begun = this.#begunRun(run)
    const due = [...begun.pending, work]
    const origin = this.#origin()
    const isWritten = this.#write((database) => {
      insertRun(database, begun.record, origin)
      for (const each of due) each(database)
      return true
    })
    begun.pending = isWritten ? [] : due
  }

  #begunRun(run: RunId): BegunRun {
    const begun = this.#begun.get(run)
    if (begun === undefined) throw new Error(`run ${run} was not begun here, or has ended`)
    return begun
  }

  /** @returns undefined when it could not be written */
  #write<T>(work: (database: DatabaseSync) => T): T | undefined {
    try {
      return this.#database.write(work)
    } catch (error) {
      if (!(error instanceof StateError)) throw error
      this.#options.onLoss(error.message)
      return undefined
    }
  }

  #origin(): ProcessOrigin {
    const { origin, locks, onLoss } = this.#options
    try {
      return { ...origin, lock: locks.own() }
    } catch (error) {
      if (!(error instanceof StateError)) throw error
      onLoss(error.message)
      return origin
    }
  }

  #now(): string {
    return new Date(this.#options.clock()).toISOString()
  }
}

/** Without the secrets that are known. */
export function redactedFinding({ severity, message, hint }: RunFinding, redactor: Redactor): RunFinding {
  return {
    severity,
    message: redactor.text(message),
    ...(hint === undefined ? {} : { hint: redactor.text(hint) }),
  }
}
