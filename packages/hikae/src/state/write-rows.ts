import type { DatabaseSync } from 'node:sqlite'
import type { ProcessOrigin } from './process-origin.ts'
import type { RunId, RunRecord, SourceResult, StepRecord } from './run-record.ts'

/** @returns false when there is a run of this id already; it stays as it is */
export function insertRun(database: DatabaseSync, record: RunRecord, origin: ProcessOrigin): boolean {
  const { id, stack, job, trigger, startedAt, program } = record
  const { host, pid, boot, namespace, started, lock } = origin
  const process = [host, pid, boot, namespace, started, lock].map((value) => value ?? null)
  const { changes } = database
    .prepare(
      `insert or ignore into runs
        (id, stack, job, run_trigger, started_at, program, host, pid, boot, namespace, process_started, process_lock)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(id, stack, job, trigger, startedAt, program, ...process)
  return changes === 1
}

/** Replaces what is known of the step. */
export function putStep(database: DatabaseSync, run: RunId, step: StepRecord): void {
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

/** Replaces what is known of the source. */
export function putSourceResult(database: DatabaseSync, run: RunId, result: SourceResult): void {
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
