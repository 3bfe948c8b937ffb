import type { RepositoryReport, SnapshotId, UnreadableItem } from '@hikae/engine'
import { errorMessage, InputError } from '../errors.ts'
import { readSource, type SourceReport } from '../points/read-source.ts'
import type { Finding } from '../sources/finding.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import type { Job, JobSource } from './job.ts'
import type { JobRepository } from './job-repositories.ts'
import { judgeReading } from './judge-reading.ts'
import type { RunContext } from './run-context.ts'
import { type RunOutcome, type SourceOutcome, worstOutcome } from './run-report.ts'
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
export async function runSource(run: SourceRun): Promise<SourceOutcome> {
  const { source, repositories, job, context, steps, signal } = run
  const startedAt = context.now()
  const seconds = (): number => (context.now().getTime() - startedAt.getTime()) / 1000
  const failed = (): SourceOutcome => ({
    ...{ source: source.name, kind: source.kind.name, seconds: seconds(), snapshots: {}, findings: [] },
    outcome: context.signal.aborted ? 'cancelled' : 'failed',
  })
  if (repositories.length === 0) return failed()
  await using scratch = new AsyncDisposableStack()
  const reading = readContext(run, scratch)
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
  const [first] = report.backup.repositories
  const missing = Object.keys(snapshots).length < job.repositories.length
  return {
    source: source.name,
    kind: source.kind.name,
    outcome: outcomeOf(report, Object.keys(snapshots).length, missing, signal),
    files: first!.summary.totalFilesProcessed,
    bytes: first!.summary.totalBytesProcessed,
    bytesAdded: Math.max(...report.backup.repositories.map(({ summary }) => summary.dataAddedPacked)),
    seconds: seconds(),
    snapshots,
    findings: report.findings,
  }
}

function readContext({ source, context, signal }: SourceRun, scratch: AsyncDisposableStack): ReadContext {
  const { folder, env, folders, observer } = context
  return {
    source: source.name,
    folder,
    env,
    signal,
    scratchFolder: async () => scratch.use(await folders.scratch(source.name)).path,
    stateFolder: () => folders.state(source.name),
    log: (line) => observer.onLine?.(line, { source: source.name }),
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
  const { stack, runId, program, stackFiles, observer, acceptShrinkage = false } = context
  await using open = await source.kind.open(source.config, reading)
  const origin = { kind: source.kind.name, source: source.name, stack, job: job.name, run: runId, program }
  const { mostShrinkage, mayBeEmpty } = source.expectations
  const expectations = { mostShrinkage: acceptShrinkage ? 1 : mostShrinkage, mayBeEmpty }
  const targets = repositories.map(({ repository, lock, signal: ofLock }) => ({
    repository,
    signal: ofLock,
    confirmLock: () => lock.confirm(),
  }))
  return await readSource(open, origin, targets, {
    stackFiles,
    time: BigInt(context.now().getTime()) * 1_000_000n,
    judge: (judged) => judgeReading(judged, expectations),
    signal,
    onProgress: ({ filesDone, bytesDone }) =>
      observer.onProgress?.(source.name, { files: filesDone, bytes: bytesDone }),
    onWarning: (line) => observer.onLine?.(line, { source: source.name }),
  })
}

interface Verdict {
  readonly outcome: RunOutcome
  readonly message?: string
  readonly hint?: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** Of the reading alone, whatever became of it in each repository. */
function verdictOn({ backup, findings }: SourceReport): Verdict {
  const { totalFilesProcessed: files, totalBytesProcessed: bytes } = backup.repositories[0]!.summary
  const facts = { files, bytes, seconds: backup.seconds, bytesUnchanged: backup.bytesUnchanged }
  const problems = [...findings.map(describe), ...unreadableOnes(backup.unreadable)]
  if (problems.length === 0) return { outcome: 'succeeded', facts }
  const hint = findings.find((finding) => finding.hint !== undefined)?.hint
  return { outcome: 'incomplete', message: problems.join('; '), ...(hint === undefined ? {} : { hint }), facts }
}

function describe({ message }: Finding): string {
  return message
}

function unreadableOnes(items: readonly UnreadableItem[]): string[] {
  const named = items.slice(0, MOST_NAMED).map(({ path, error }) => `${path}: ${errorMessage(error)}`)
  return items.length > named.length ? [...named, `${items.length - named.length} more could not be read`] : named
}

/** @returns the snapshot, if the repository has it and it can be read back */
async function settle(
  stored: RepositoryReport,
  repository: JobRepository,
  { source, context, steps }: SourceRun,
): Promise<SnapshotId | undefined> {
  const about = { source: source.name, repository: repository.name }
  const id = await steps.take({ kind: 'store', ...about }, async () => {
    if (stored.error) throw stored.error
    const { dataAdded: bytesAdded, dataAddedPacked: bytesStored } = stored.summary
    return { value: stored.snapshot!.id, facts: { snapshot: stored.snapshot!.id, bytesAdded, bytesStored } }
  })
  if (id === undefined) return undefined
  return await steps.take({ kind: 'verify', ...about }, async () => {
    await verifySnapshot(repository, id, context.runId)
    return { value: id }
  })
}

function outcomeOf(report: SourceReport, stored: number, isMissing: boolean, signal: AbortSignal): RunOutcome {
  if (stored === 0) return signal.aborted ? 'cancelled' : 'failed'
  return worstOutcome([verdictOn(report).outcome, isMissing ? 'incomplete' : 'succeeded'])
}
