import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { withoutUndefined } from '../without-undefined.ts'
import type { ProcessOrigin } from './process-origin.ts'
import type { RunFinding, RunId, RunOutcome, RunRecord, RunTrigger } from './run-record.ts'
import type { SourceResult, StepKind, StepOutcome, StepRecord } from './run-record.ts'
import type { StepFacts } from './step-facts.ts'

export type Row = Readonly<Record<string, SQLOutputValue>>

/** A run with all that belongs to it. */
export function runFrom(database: DatabaseSync, row: Row): RunRecord {
  const id = text(row, 'id') as RunId
  const steps = database.prepare('select * from steps where run = ? order by number').all(id)
  const sources = database.prepare('select * from source_results where run = ? order by place').all(id)
  return withoutUndefined({
    id,
    stack: text(row, 'stack'),
    job: text(row, 'job'),
    trigger: text(row, 'run_trigger') as RunTrigger,
    startedAt: text(row, 'started_at'),
    endedAt: textIfAny(row, 'ended_at'),
    outcome: textIfAny(row, 'outcome') as RunOutcome | undefined,
    host: text(row, 'host'),
    pid: Number(row['pid']),
    program: text(row, 'program'),
    steps: steps.map(stepFrom),
    sources: sources.map((source) => sourceResultFrom(database, source)),
  }) as RunRecord
}

export function originFrom(row: Row): ProcessOrigin {
  return withoutUndefined({
    host: text(row, 'host'),
    pid: Number(row['pid']),
    boot: textIfAny(row, 'boot'),
    namespace: textIfAny(row, 'namespace'),
    started: row['process_started'] === null ? undefined : Number(row['process_started']),
    lock: textIfAny(row, 'process_lock'),
  }) as ProcessOrigin
}

export function sourceResultFrom(database: DatabaseSync, row: Row): SourceResult {
  const source = text(row, 'source')
  const snapshots = database
    .prepare('select repository, snapshot from source_snapshots where run = ? and source = ? order by repository')
    .all(text(row, 'run'), source)
  return {
    source,
    kind: text(row, 'kind'),
    outcome: text(row, 'outcome') as SourceResult['outcome'],
    startedAt: text(row, 'started_at'),
    seconds: Number(row['seconds']),
    bytes: Number(row['bytes']),
    files: Number(row['files']),
    isEmpty: row['is_empty'] === 1,
    addedBytes: Number(row['added_bytes']),
    storedBytes: Number(row['stored_bytes']),
    snapshots: Object.fromEntries(
      snapshots.map((snapshot) => [text(snapshot, 'repository'), text(snapshot, 'snapshot')]),
    ),
    findings: JSON.parse(text(row, 'findings')) as RunFinding[],
  }
}

export function stepFrom(row: Row): StepRecord {
  const facts = textIfAny(row, 'facts')
  return withoutUndefined({
    number: Number(row['number']),
    kind: text(row, 'kind') as StepKind,
    source: textIfAny(row, 'source'),
    repository: textIfAny(row, 'repository'),
    startedAt: text(row, 'started_at'),
    endedAt: textIfAny(row, 'ended_at'),
    outcome: textIfAny(row, 'outcome') as StepOutcome | undefined,
    message: textIfAny(row, 'message'),
    hint: textIfAny(row, 'hint'),
    facts: facts === undefined ? undefined : (JSON.parse(facts) as StepFacts),
  }) as StepRecord
}

function text(row: Row, column: string): string {
  return String(row[column])
}

function textIfAny(row: Row, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' ? value : undefined
}
