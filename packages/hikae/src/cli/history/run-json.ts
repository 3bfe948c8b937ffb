import type { RunRecord, SourceResult, StepRecord } from '../../state/run-record.ts'
import type { SourceRun } from '../../state/runs.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { secondsOf } from './run-seconds.ts'

/** @param nowMs for what is not over */
export function runJson(run: RunRecord, nowMs: number): object {
  const { id, stack, job, trigger, startedAt, endedAt, outcome = 'running', host, pid, program, sources, steps } = run
  return withoutUndefined({
    id,
    stack,
    job,
    trigger,
    outcome,
    started_at: startedAt,
    ended_at: endedAt,
    seconds: secondsOf(run, nowMs),
    host,
    pid,
    program,
    sources: sources.map(sourceJson),
    steps: steps.map((step) => stepJson(step, nowMs)),
  })
}

export function sourceRunJson({ run, job, result }: SourceRun): object {
  return { run, job, ...sourceJson(result) }
}

function sourceJson(result: SourceResult): object {
  const { source, kind, outcome, startedAt, seconds, bytes, files, isEmpty, addedBytes, storedBytes } = result
  return {
    source,
    kind,
    outcome,
    started_at: startedAt,
    seconds,
    bytes,
    files,
    is_empty: isEmpty,
    added_bytes: addedBytes,
    stored_bytes: storedBytes,
    snapshots: result.snapshots,
    findings: result.findings,
  }
}

function stepJson(step: StepRecord, nowMs: number): object {
  const { number, kind, source, repository, startedAt, endedAt, outcome = 'running', message, hint, facts } = step
  return withoutUndefined({
    number,
    kind,
    source,
    repository,
    outcome,
    started_at: startedAt,
    ended_at: endedAt,
    seconds: secondsOf(step, nowMs),
    message,
    hint,
    facts,
  })
}
