import type { DatabaseSync } from 'node:sqlite'
import { withoutUndefined } from '../without-undefined.ts'
import type { ProcessOrigin } from './process-origin.ts'
import type { Redactor } from './redactor.ts'
import { newRunId } from './run-id.ts'
import type { RunFinding, RunId, RunOutcome, RunRecord, RunStart } from './run-record.ts'
import type { SourceResult, StepEnd, StepRecord, StepStart } from './run-record.ts'
import type { StateDatabase } from './state-database.ts'
import { StateError } from './state-error.ts'

export interface RunWriterOptions {
  readonly clock: () => number
  readonly random: () => number
  readonly origin: ProcessOrigin
  readonly redactor: Redactor
}

/** So many runs do not begin in one second by one chance in 65536. */
const ATTEMPTS = 20

interface BegunRun {
  readonly record: RunRecord
  lastStep: number
}

/**
 * Writes down what runs of this process do, as they do it, without secrets. When the database is lost meanwhile, the run is
 * in the new one from there on.
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
    const { clock, random, origin } = this.#options
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
      if (!this.#database.write((database) => insertRun(database, record, origin))) continue
      this.#begun.set(record.id, { record, lastStep: 0 })
      return record
    }
    throw new StateError(`no id is free for a run at ${new Date(startedMs).toISOString()}`, {
      hint: 'see that the clock of this machine runs, and try again',
    })
  }

  beginStep(run: RunId, start: StepStart): StepRecord {
    return this.#writeRun(run, (database) => {
      const last = database.prepare('select max(number) as last from steps where run = ?').get(run)?.['last'] ?? 0
      const begun = this.#begun.get(run)
      const number = Math.max(Number(last), begun?.lastStep ?? 0) + 1
      if (begun) begun.lastStep = number
      const step = { number, ...start, startedAt: this.#now() }
      putStep(database, run, step)
      return step
    })
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
    this.#writeRun(run, (database) => {
      database.prepare('update runs set ended_at = ?, outcome = ? where id = ?').run(this.#now(), outcome, run)
    })
    this.#begun.delete(run)
  }

  #writeRun<T>(run: RunId, work: (database: DatabaseSync) => T): T {
    const begun = this.#begun.get(run)
    if (begun === undefined) throw new Error(`run ${run} was not begun here, or has ended`)
    return this.#database.write((database) => {
      insertRun(database, begun.record, this.#options.origin)
      return work(database)
    })
  }

  #now(): string {
    return new Date(this.#options.clock()).toISOString()
  }
}

function redactedFinding({ severity, message, hint }: RunFinding, redactor: Redactor): RunFinding {
  return {
    severity,
    message: redactor.text(message),
    ...(hint === undefined ? {} : { hint: redactor.text(hint) }),
  }
}

/** @returns false when there is a run of this id already; it stays as it is */
function insertRun(database: DatabaseSync, record: RunRecord, origin: ProcessOrigin): boolean {
  const { id, stack, job, trigger, startedAt, program } = record
  const { host, pid, boot, namespace, started } = origin
  const { changes } = database
    .prepare(
      `insert or ignore into runs
        (id, stack, job, run_trigger, started_at, program, host, pid, boot, namespace, process_started)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(id, stack, job, trigger, startedAt, program, host, pid, boot ?? null, namespace ?? null, started ?? null)
  return changes === 1
}

function putStep(database: DatabaseSync, run: RunId, step: StepRecord): void {
  const { number, kind, source, repository, startedAt, endedAt, outcome, message, hint, facts } = step
  const texts = [source, repository, startedAt, endedAt, outcome, message, hint].map((value) => value ?? null)
  database
    .prepare(
      `insert or replace into steps
        (run, number, kind, source, repository, started_at, ended_at, outcome, message, hint, facts)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(run, number, kind, ...texts, facts === undefined ? null : JSON.stringify(facts))
}

function putSourceResult(database: DatabaseSync, run: RunId, result: SourceResult): void {
  const { source, kind, outcome, startedAt, seconds, bytes, files, isEmpty, addedBytes, storedBytes } = result
  const place = database.prepare('select count(*) as place from source_results where run = ?').get(run)?.['place'] ?? 0
  database.prepare('delete from source_results where run = ? and source = ?').run(run, source)
  database
    .prepare(
      `insert into source_results
        (run, source, place, kind, outcome, started_at, seconds, bytes, files, is_empty, added_bytes, stored_bytes, findings)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[run, source, place, kind, outcome, startedAt, seconds, bytes, files],
      ...[isEmpty ? 1 : 0, addedBytes, storedBytes, JSON.stringify(result.findings)],
    )
  const insert = database.prepare(
    'insert into source_snapshots (run, source, repository, snapshot) values (?, ?, ?, ?)',
  )
  for (const [repository, snapshot] of Object.entries(result.snapshots)) insert.run(run, source, repository, snapshot)
}
