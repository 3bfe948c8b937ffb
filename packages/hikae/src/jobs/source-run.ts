import type { RepositoryReport, SnapshotId } from '@hikae/engine'
import { InputError } from '../errors.ts'
import type { Manifest } from '../points/manifest.ts'
import { readSource, type SourceReport } from '../points/read-source.ts'
import type { Finding } from '../sources/finding.ts'
import type { OpenSource, ReadContext } from '../sources/source-kind.ts'
import type { SourceResult } from '../state/run-record.ts'
import type { Job, JobSource } from './job.ts'
import type { JobRepository } from './job-repositories.ts'
import { judgeReading } from './judge-reading.ts'
import { readContext } from './read-context.ts'
import type { RunContext } from './run-context.ts'
import { findingsOf, outcomeOfSource, verdictOnReading } from './source-verdict.ts'
import type { Steps } from './steps.ts'
import { verifySnapshot } from './verify-snapshot.ts'

export interface SourceRunOptions {
  readonly job: Job
  readonly source: JobSource
  /** Those that could be opened. */
  readonly repositories: readonly JobRepository[]
  readonly context: RunContext
  readonly steps: Steps
  readonly signal: AbortSignal
  /** State folder of the job, when it holds still what writes to all of its sources. */
  readonly heldWith?: string
}

/** What is special about the moment at which a source is read. */
export interface ReadMoment {
  /** With which other sources it is consistent. */
  readonly consistent?: Manifest['consistent']
  /** Of the snapshot; when reading begins by default. */
  readonly time?: Date
  /** Whatever makes the moment less than what was promised. */
  readonly findings?: readonly Finding[]
}

/** One source of a run, moment by moment: examined, opened, read, looked at again. Disposing removes its scratch folder. */
export class SourceRun implements AsyncDisposable {
  readonly #options: SourceRunOptions
  readonly #scratch = new AsyncDisposableStack()
  readonly #reading: ReadContext
  #startedAt: Date

  constructor(options: SourceRunOptions) {
    this.#options = options
    this.#startedAt = options.context.now()
    const { source, context, signal, heldWith } = options
    const reading = readContext(source, context, signal, this.#scratch)
    this.#reading = heldWith === undefined ? reading : { ...reading, heldWith }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]()
  }

  get name(): string {
    return this.#options.source.name
  }

  /** Whether there is somewhere to save it, and a backup would work: an error among what examining finds means that it would not. */
  async isReady(): Promise<boolean> {
    const { source, repositories, context, steps } = this.#options
    this.#startedAt = context.now()
    if (repositories.length === 0) return false
    const ready = await steps.take({ kind: 'preflight', source: source.name }, async () => {
      const findings = await source.kind.examine(source.config, this.#reading)
      const error = findings.find(({ severity }) => severity === 'error')
      if (error) throw new InputError(error.message, error.hint === undefined ? {} : { hint: error.hint })
      const message = findings.map((finding) => finding.message).join('; ')
      return { value: true, ...(message === '' ? {} : { message }) }
    })
    return ready ?? false
  }

  /** @throws when nothing can be vouched for */
  async open(): Promise<OpenSource> {
    const { kind, config } = this.#options.source
    return await kind.open(config, this.#reading)
  }

  /** Reads it once into all repositories and looks at what they hold then. Never throws. @param open is disposed of */
  async read(open: () => Promise<OpenSource>, moment: ReadMoment = {}): Promise<SourceResult> {
    const { source, job, repositories, steps } = this.#options
    const report = await steps.take({ kind: 'read', source: source.name }, async () => {
      const value = await this.#store(open, moment)
      return { value, ...verdictOnReading(value) }
    })
    if (!report) return this.failed()
    const snapshots: Record<string, SnapshotId> = {}
    for (const [at, stored] of report.backup.repositories.entries()) {
      const id = await this.#settle(stored, repositories[at]!)
      if (id !== undefined) snapshots[repositories[at]!.name] = id
    }
    const summaries = report.backup.repositories.map(({ summary }) => summary)
    return {
      ...this.#about(),
      outcome: outcomeOfSource(report, Object.keys(snapshots).length, job.repositories.length),
      files: report.size?.files ?? 0,
      bytes: report.size?.bytes ?? 0,
      isEmpty: report.reading?.isEmpty ?? false,
      addedBytes: sum(summaries.map(({ dataAdded }) => dataAdded)),
      storedBytes: sum(summaries.map(({ dataAddedPacked }) => dataAddedPacked)),
      snapshots,
      findings: findingsOf(report),
    }
  }

  /** What there is to say of it when it came not so far. */
  failed(): SourceResult {
    return {
      ...this.#about(),
      outcome: this.#options.context.signal.aborted ? 'cancelled' : 'failed',
      ...{ bytes: 0, files: 0, isEmpty: false, addedBytes: 0, storedBytes: 0, snapshots: {}, findings: [] },
    }
  }

  async #store(openSource: () => Promise<OpenSource>, moment: ReadMoment): Promise<SourceReport> {
    const { source, job, repositories, context, signal } = this.#options
    const { stack, runId, program, stackFiles, journal, onProgress, acceptShrinkage = false } = context
    await using open = await openSource()
    const origin = {
      ...{ kind: source.kind.name, source: source.name, stack, job: job.name, run: runId, program },
      ...(source.written && { written: source.written }),
      ...(moment.consistent && { consistent: moment.consistent }),
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
      time: BigInt((moment.time ?? context.now()).getTime()) * 1_000_000n,
      judge: (judged) => [...(moment.findings ?? []), ...judgeReading(judged, expectations)],
      signal,
      onProgress: ({ filesDone, bytesDone }) => onProgress?.(source.name, { files: filesDone, bytes: bytesDone }),
      onWarning: (message) => journal.log({ level: 'warning', source: source.name, message }),
    })
  }

  /** @returns the snapshot, if the repository has it and it can be read back */
  async #settle(stored: RepositoryReport, repository: JobRepository): Promise<SnapshotId | undefined> {
    const { source, context, steps } = this.#options
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

  #about(): Pick<SourceResult, 'source' | 'kind' | 'startedAt' | 'seconds'> {
    const { source, context } = this.#options
    return {
      source: source.name,
      kind: source.kind.name,
      startedAt: this.#startedAt.toISOString(),
      seconds: (context.now().getTime() - this.#startedAt.getTime()) / 1000,
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
