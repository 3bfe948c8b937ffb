import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  check,
  forgetSnapshots,
  openRepository,
  restore,
  rewrite,
  tagSnapshots,
  type Backend,
  type StoredSnapshot,
} from '@hikae/engine'
import { compareTrees } from '@hikae/testkit'
import { copySnapshots } from '../../src/operations/copy/copy.ts'
import { backUpDirectory, type Ground, openLoaded, PASSWORD } from './ground.ts'
import { readEverything } from './read-everything.ts'

/** `reported`: the operation itself says that it did not do everything. */
export type Verdict = 'done' | 'reported'

/** Work on a repository, and what may be asked of it whatever happens meanwhile. */
export interface Undertaking {
  readonly name: string
  /** Opens the repository and does the work; failures are thrown, or reported. */
  run(backend: Backend, place: Place): Promise<Verdict>
  /** What must be true when `run` says that it is done. */
  isDone(backend: Backend, place: Place): Promise<boolean>
  /** Which of the snapshots that there were, by their number, have to be there in any case. */
  readonly kept: readonly number[]
  readonly changes: 'something' | 'nothing'
}

export interface Place extends Pick<Ground, 'dir' | 'fresh' | 'last'> {
  /** Another repository, of which this one has nothing. */
  readonly source: Backend
}

async function snapshotsIn(backend: Backend): Promise<StoredSnapshot[]> {
  return await (await openLoaded(backend)).snapshots()
}

const backup: Undertaking = {
  name: 'backup',
  changes: 'something',
  kept: [0, 1, 2],
  async run(backend, { fresh }) {
    const report = await backUpDirectory(await openLoaded(backend), fresh, { tags: ['new'] })
    return report.outcome === 'succeeded' ? 'done' : 'reported'
  },
  isDone: async (backend) => (await snapshotsIn(backend)).some(({ tags }) => tags?.includes('new')),
}

const restoring: Undertaking = {
  name: 'restore',
  changes: 'nothing',
  kept: [0, 1, 2],
  async run(backend, { dir }) {
    const repository = await openLoaded(backend)
    const snapshot = (await repository.snapshots()).at(-1)!
    await rm(dir.join('restored'), { recursive: true, force: true })
    const { problems } = await restore(repository, snapshot, { target: dir.join('restored'), concurrency: 1 })
    return problems.length === 0 ? 'done' : 'reported'
  },
  async isDone(_, { dir, last }) {
    return (await compareTrees(last, dir.join('restored', basename(last)))).length === 0
  },
}

const checking: Undertaking = {
  name: 'check',
  changes: 'nothing',
  kept: [0, 1, 2],
  async run(backend) {
    const repository = await openRepository(backend, { password: PASSWORD })
    const { errors } = await check(repository, { readData: 'all' })
    return errors.length === 0 ? 'done' : 'reported'
  },
  isDone: async () => true,
}

const forgetting: Undertaking = {
  name: 'forget',
  changes: 'something',
  kept: [2],
  async run(backend) {
    const repository = await openRepository(backend, { password: PASSWORD })
    const snapshots = (await repository.snapshots()).slice(0, -1)
    const { failed } = await forgetSnapshots(repository, snapshots)
    return failed.length === 0 ? 'done' : 'reported'
  },
  isDone: async (backend) => (await snapshotsIn(backend)).length === 1,
}

const tagging: Undertaking = {
  name: 'tag',
  changes: 'something',
  kept: [0, 1, 2],
  async run(backend) {
    const repository = await openRepository(backend, { password: PASSWORD })
    const { failed } = await tagSnapshots(repository, await repository.snapshots(), { set: ['tagged'] })
    return failed.length === 0 ? 'done' : 'reported'
  },
  isDone: async (backend) => (await snapshotsIn(backend)).every(({ tags }) => tags?.includes('tagged')),
}

const copying: Undertaking = {
  name: 'copy into it',
  changes: 'something',
  kept: [0, 1, 2],
  async run(backend, { source }) {
    const from = await openLoaded(source)
    const report = await copySnapshots(from, await openLoaded(backend), await from.snapshots())
    const isWhole = report.unreadable.length === 0 && report.snapshots.every(({ kind }) => kind !== 'damaged')
    return isWhole ? 'done' : 'reported'
  },
  isDone: async (backend) => (await readEverything(await openLoaded(backend))).length === 6,
}

const rewriting: Undertaking = {
  name: 'rewrite',
  changes: 'something',
  kept: [0, 1, 2],
  async run(backend) {
    const repository = await openLoaded(backend)
    const report = await rewrite(repository, await repository.snapshots(), { newHost: 'other', originals: 'remove' })
    return report.snapshots.every(({ outcome }) => outcome !== 'failed') ? 'done' : 'reported'
  },
  isDone: async (backend) => (await snapshotsIn(backend)).every(({ hostname }) => hostname === 'other'),
}

export const UNDERTAKINGS: readonly Undertaking[] = [
  backup,
  restoring,
  checking,
  forgetting,
  tagging,
  copying,
  rewriting,
]
