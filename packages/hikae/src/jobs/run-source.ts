import type { RepositoryReport, SnapshotId, UnreadableItem } from '@hikae/engine'
import { errorMessage, InputError } from '../errors.ts'
import { readSource, type SourceReport } from '../points/read-source.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import type { RunFinding, SourceResult, StepEnd } from '../state/run-record.ts'
import type { Job, JobSource } from './job.ts'
import type { JobRepository } from './job-repositories.ts'
import { judgeReading } from './judge-reading.ts'
import { readContext } from './read-context.ts'
import type { RunContext } from './run-context.ts'
import { worstOutcome } from './run-report.ts'
import type { Steps } from './steps.ts'
import { verifySnapshot } from './verify-snapshot.ts'

/** Files that could not be read are named one by one, up to here. */
const MOST_NAMED = 20

export interface SourceRun {
  readonly job: Job
  readonly source: JobSource
  /** Those that could be opened. */
  readonly repositories: readonly JobRepository[]
  readonly context: RunContext
  readonly steps: Steps
  readonly signal: AbortSignal
}

/** Examines a source, reads it once into all repositories and looks at what they hold then. Never throws. */
export async function runSource(run: SourceRun): Promise<SourceResult> {
  const { source, repositories, job, context, steps } = run
  const startedAt = context.now()
  const about = (): Pick<SourceResult, 'source' | 'kind' | 'startedAt' | 'seconds'> => ({
    source: source.name,
    kind: source.kind.name,
    startedAt: startedAt.toISOString(),
    seconds: (context.now().getTime() - startedAt.getTime()) / 1000,
  })
  const failed = (): SourceResult => ({
    ...about(),
    outcome: context.signal.aborted ? 'cancelled' : 'failed',
    ...{ bytes: 0, files: 0, isEmpty: false, addedBytes: 0, storedBytes: 0, snapshots: {}, findings: [] },
  })
  if (repositories.length === 0) return failed()
  await using scratch = new AsyncDisposableStack()
  const reading = readContext(source, context, run.signal, scratch)
  if (!(await isReady(run, reading))) return failed()
  const report = await steps.take({ kind: 'read', source: source.name }, async () => {
    const value = await read(run, reading)
    return { value, ...verdictOn(value) }
  })
  if (!report) return failed()
  const snapshots: Record<string, SnapshotId> = {}
  for (const [at, stored] of report.backup.repositories.entries()) {
    const id = await settle(stored, repositories[at]!, run)
    if (id !== undefined) snapshots[repositories[at]!.name] = id
  }
  const summaries = report.backup.repositories.map(({ summary }) => summary)
  return {
    ...about(),
    outcome: outcomeOf(report, Object.keys(snapshots).length, job.repositories.length),
    files: report.size?.files ?? 0,
    bytes: report.size?.bytes ?? 0,
    isEmpty: report.reading?.isEmpty ?? false,
    addedBytes: sum(summaries.map(({ dataAdded }) => dataAdded)),
    storedBytes: sum(summaries.map(({ dataAddedPacked }) => dataAddedPacked)),
    snapshots,
    findings: [...report.findings, ...report.backup.unreadable.map(unreadableFinding)].slice(0, MOST_NAMED),
  }
}

/** An error among what examining finds means that reading would fail, or be worth nothing. */
async function isReady({ source, steps }: SourceRun, reading: ReadContext): Promise<boolean> {
  const ready = await steps.take({ kind: 'preflight', source: source.name }, async () => {
    const findings = await source.kind.examine(source.config, reading)
    const error = findings.find(({ severity }) => severity === 'error')
    if (error) throw new InputError(error.message, error.hint === undefined ? {} : { hint: error.hint })
    const message = findings.map((finding) => finding.message).join('; ')
    return { value: true, ...(message === '' ? {} : { message }) }
  })
  return ready ?? false
}

async function read(
  { source, job, repositories, context, signal }: SourceRun,
  reading: ReadContext,
): Promise<SourceReport> {
  const { stack, runId, program, stackFiles, journal, onProgress, acceptShrinkage = false } = context
  await using open = await source.kind.open(source.config, reading)
  const origin = {
    ...{ kind: source.kind.name, source: source.name, stack, job: job.name, run: runId, program },
    ...(source.written && { written: source.written }),
  }
  const { mostShrinkage, mayBeEmpty } = source.expectations
  const expectations = { mostShrinkage: acceptShrinkage ? 1 : mostShrinkage, mayBeEmpty }
  const targets = repositories.map(({ repository, lock, snapshots, signal: ofLock }) => ({
    repository,
    snapshots,
    signal: ofLock,
    confirmLock: () => lock.confirm(),
  }))
  return await readSource(open, origin, targets, {
    stackFiles,
    time: BigInt(context.now().getTime()) * 1_000_000n,
    judge: (judged) => judgeReading(judged, expectations),
    signal,
    onProgress: ({ filesDone, bytesDone }) => onProgress?.(source.name, { files: filesDone, bytes: bytesDone }),
    onWarning: (message) => journal.log({ level: 'warning', source: source.name, message }),
  })
}

/** Of the reading alone, whatever became of it in each repository. */
function verdictOn({ backup, findings, size }: SourceReport): StepEnd {
  const facts = { ...size, readBytes: Math.max(0, (size?.bytes ?? 0) - backup.bytesUnchanged) }
  const problems = [...findings.map(({ message }) => message), ...unreadableOnes(backup.unreadable)]
  if (problems.length === 0) return { outcome: 'succeeded', facts }
  const hint = findings.find((finding) => finding.hint !== undefined)?.hint
  return { outcome: 'incomplete', message: problems.join('; '), ...(hint === undefined ? {} : { hint }), facts }
}

function unreadableOnes(items: readonly UnreadableItem[]): string[] {
  const named = items.slice(0, MOST_NAMED).map((item) => unreadableFinding(item).message)
  return items.length > named.length ? [...named, `${items.length - named.length} more could not be read`] : named
}

function unreadableFinding({ path, error }: UnreadableItem): RunFinding {
  return { severity: 'error', message: `${path}: ${errorMessage(error)}` }
}

/** @returns the snapshot, if the repository has it and it can be read back */
async function settle(
  stored: RepositoryReport,
  repository: JobRepository,
  { source, context, steps }: SourceRun,
): Promise<SnapshotId | undefined> {
  const about = { source: source.name, repository: repository.name }
  const id = await steps.take({ kind: 'read', ...about }, async () => {
    if (stored.error) throw stored.error
    const { dataAdded: addedBytes, dataAddedPacked: storedBytes } = stored.summary
    repository.snapshots.push(stored.snapshot!)
    return { value: stored.snapshot!.id, facts: { snapshot: stored.snapshot!.id, addedBytes, storedBytes } }
  })
  if (id === undefined) return undefined
  return await steps.take({ kind: 'verify', ...about }, async () => {
    await verifySnapshot(repository, id, context.runId)
    return { value: id }
  })
}

/** @param stored in how many repositories it is, of so many wanted */
function outcomeOf(report: SourceReport, stored: number, wanted: number): SourceResult['outcome'] {
  if (stored === 0) return 'failed'
  return worstOutcome([verdictOn(report).outcome, stored < wanted ? 'incomplete' : 'succeeded'])
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
