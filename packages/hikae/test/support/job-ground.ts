import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises'
import {
  type Backend,
  initRepository,
  lockAndLoad,
  MemoryBackend,
  openRepository,
  type Repository,
  type SnapshotId,
  type StoredSnapshot,
} from '@hikae/engine'
import { TEST_POLYNOMIAL, type TempDir } from '@hikae/testkit'
import { z } from 'zod'
import type { Job, JobSource } from '../../src/jobs/job.ts'
import type { JobRepository } from '../../src/jobs/job-repositories.ts'
import { runJob } from '../../src/jobs/run-job.ts'
import type { RunContext } from '../../src/jobs/run-context.ts'
import type { RunReport } from '../../src/jobs/run-report.ts'
import type { RunJournal } from '../../src/jobs/run-journal.ts'
import { madeDirectory, madeFile } from '../../src/sources/made-entry.ts'
import type { OpenSource, SourceKind } from '../../src/sources/source-kind.ts'

const PASSWORD = 'correct horse'

/** What a source of the test's own does when it is read; changed between runs. */
export interface Behaviour {
  files: Record<string, string>
  /** Thrown at the moment. */
  fails?: { readonly at: 'examine' | 'open' | 'read' | 'finish'; readonly error: Error }
  /** Called when it is opened. */
  onOpen?: () => Promise<void>
  /** See {@link OpenSource.isOfOneMoment}. */
  isOfOneMoment?: boolean
  /** Called when reading begins. */
  onRead?: (signal: AbortSignal) => Promise<void>
  isOpen: boolean
}

/** Everything that a job needs, with sources that do as they are told and repositories in memory. */
export class JobGround {
  readonly #dir: TempDir
  readonly backends = new Map<string, Backend>()
  readonly lines: string[] = []
  now = new Date('2026-11-21T02:00:00Z')
  #runs = 0

  constructor(dir: TempDir) {
    this.#dir = dir
  }

  async addRepository(name: string): Promise<void> {
    const backend = new MemoryBackend()
    await initRepository(backend, {
      password: PASSWORD,
      hostname: 'host',
      username: 'user',
      kdf: { N: 2, r: 8, p: 1 },
      chunkerPolynomial: TEST_POLYNOMIAL,
    })
    this.backends.set(name, backend)
  }

  job(sources: Readonly<Record<string, Behaviour>>, more: Partial<Job> = {}): Job {
    return {
      name: 'nightly',
      sources: Object.entries(sources).map(([name, behaviour]) => sourceOf(name, behaviour)),
      repositories: [...this.backends.keys()],
      keep: 'forever',
      hooks: { before: [], after: [], success: [], failure: [] },
      limits: {},
      objectives: {},
      ...more,
    }
  }

  /** Each run is a day after the one before. */
  async run(job: Job, more: Partial<RunContext> = {}): Promise<RunReport> {
    this.#runs++
    this.now = new Date(this.now.getTime() + 86_400_000)
    return await runJob(job, {
      stack: 'shop',
      runId: `run-${this.#runs}`,
      stackFiles: [{ path: '/etc/hikae/hikae.yaml', text: 'version: 1\n' }],
      folder: this.#dir.path,
      repositories: {
        open: (name, mode, signal) => this.#open(name, mode, signal),
        prepareCatchUp: async () => ({ bringLevel: async () => true }),
      },
      folders: {
        scratch: async () => await this.#scratch(),
        state: async (source) => {
          await mkdir(this.#dir.join('state', source), { recursive: true })
          return this.#dir.join('state', source)
        },
        remembered: async () => await readdir(this.#dir.join('state')).catch(() => []),
      },
      program: '0',
      env: process.env,
      now: () => this.now,
      signal: new AbortController().signal,
      journal: this.#journal(),
      ...more,
    })
  }

  async open(name: string): Promise<Repository> {
    const repository = await openRepository(this.backends.get(name)!, { password: PASSWORD })
    await repository.loadIndex()
    return repository
  }

  /** Oldest first. */
  async snapshots(name: string): Promise<StoredSnapshot[]> {
    const found = await (await this.open(name)).snapshots()
    return found.toSorted((one, two) => Date.parse(one.time) - Date.parse(two.time))
  }

  #journal(): RunJournal {
    let number = 0
    const time = () => this.now.toISOString()
    return {
      beginStep: (start) => ({ number: ++number, ...start, startedAt: time() }),
      endStep: (step, end) => ({ ...step, endedAt: time(), ...end }),
      addSource: () => undefined,
      log: ({ message }) => void this.lines.push(message),
    }
  }

  async #open(name: string, mode: 'shared' | 'exclusive', signal: AbortSignal): Promise<JobRepository> {
    const backend = this.backends.get(name)
    if (!backend) throw new Error(`there is no repository ${name}`)
    const repository = await openRepository(backend, { password: PASSWORD, signal })
    const lock = await lockAndLoad(repository, mode, { signal, sleep: async () => undefined })
    const unreadable: SnapshotId[] = []
    return {
      name,
      repository,
      lock,
      snapshots: await repository.snapshots(signal, (id) => unreadable.push(id)),
      unreadable,
      signal: AbortSignal.any([signal, lock.signal]),
      [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
    }
  }

  async #scratch(): Promise<{ path: string } & AsyncDisposable> {
    const path = await mkdtemp(this.#dir.join('scratch-'))
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
  }
}

function sourceOf(name: string, behaviour: Behaviour): JobSource {
  return { name, kind: obedientKind(behaviour), config: {}, expectations: { mostShrinkage: 0.5, mayBeEmpty: false } }
}

function obedientKind(behaviour: Behaviour): SourceKind {
  const failAt = (moment: NonNullable<Behaviour['fails']>['at']): void => {
    if (behaviour.fails?.at === moment) throw behaviour.fails.error
  }
  return {
    name: 'obedient',
    config: z.unknown(),
    describe: () => 'as told',
    async examine() {
      failAt('examine')
      return []
    },
    async open(): Promise<OpenSource> {
      failAt('open')
      await behaviour.onOpen?.()
      behaviour.isOpen = true
      return {
        paths: ['/data'],
        ...(behaviour.isOfOneMoment && { isOfOneMoment: true }),
        root: madeDirectory('', () => [madeDirectory('data', () => filesOf(behaviour, () => failAt('read')))]),
        async finish() {
          failAt('finish')
          const isEmpty = Object.keys(behaviour.files).length === 0
          return { facts: { files: Object.keys(behaviour.files).length }, findings: [], isEmpty }
        },
        async [Symbol.asyncDispose]() {
          behaviour.isOpen = false
        },
      }
    },
    planRestore: () => Promise.reject(new Error('not tried here')),
    verify: () => Promise.reject(new Error('not tried here')),
  }
}

function filesOf(behaviour: Behaviour, failAtRead: () => void) {
  return Object.entries(behaviour.files).map(([name, text]) =>
    madeFile(name, {
      kind: 'stream',
      async *open(signal) {
        await behaviour.onRead?.(signal)
        yield Buffer.from(text.slice(0, text.length / 2))
        failAtRead()
        yield Buffer.from(text.slice(text.length / 2))
      },
    }),
  )
}
