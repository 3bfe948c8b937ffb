import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  check,
  copySnapshots,
  forgetSnapshots,
  initRepository,
  MemoryBackend,
  openRepository,
  planPrune,
  prune,
  recover,
  restore,
  tagSnapshots,
  type Backend,
  type StoredSnapshot,
} from '@hikae/engine'
import { compareTrees } from '@hikae/testkit'
import { backUpDirectory, type Ground, INIT, openLoaded, PASSWORD } from './ground.ts'
import { readEverything } from './read-everything.ts'

/** `reported`: the operation itself says that it did not do everything. */
export type Verdict = 'done' | 'reported'

/** Work on a repository, and what may be asked of it whatever happens meanwhile. */
export interface Undertaking {
  readonly name: string
  /** Brings the repository of the ground into the state that the work begins with. */
  prepare?(backend: Backend): Promise<void>
  /** Opens the repository and does the work; failures are thrown, or reported. */
  run(backend: Backend, place: Place): Promise<Verdict>
  /** What must be true when `run` says that it is done. */
  isDone(backend: Backend, place: Place): Promise<boolean>
  /** Which of the snapshots that there were, by their number, have to be there in any case. */
  readonly kept: readonly number[]
  readonly changes: 'something' | 'nothing'
}

type Place = Pick<Ground, 'dir' | 'fresh' | 'last'>

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
  name: 'copy from it',
  changes: 'nothing',
  kept: [0, 1, 2],
  async run(backend) {
    const from = await openLoaded(backend)
    const into = new MemoryBackend()
    await initRepository(into, INIT)
    const report = await copySnapshots(from, await openLoaded(into), await from.snapshots())
    const copied = report.snapshots.filter(({ kind }) => kind === 'copied').length
    // Whatever was wrong with the source: what arrived is whole.
    const whole = await readEverything(await openLoaded(into))
    if (whole.length !== copied)
      throw new Error(`${copied} snapshots were said to be copied, ${whole.length} are there`)
    return copied === 3 ? 'done' : 'reported'
  },
  isDone: async () => true,
}

const pruning: Undertaking = {
  name: 'prune',
  changes: 'something',
  kept: [2],
  async prepare(backend) {
    const [first, second] = await snapshotsIn(backend)
    for (const { id } of [first!, second!]) await backend.remove('snapshot', id)
  },
  async run(backend) {
    const repository = await openLoaded(backend)
    const plan = await planPrune(repository, { maxUnused: { percent: 0 } })
    return (await prune(repository, plan)).outcome === 'succeeded' ? 'done' : 'reported'
  },
  async isDone(backend) {
    const { unindexed, unused, repack } = await planPrune(await openLoaded(backend), { maxUnused: { percent: 0 } })
    return [...unindexed, ...unused, ...repack].length === 0
  },
}

const recovering: Undertaking = {
  name: 'recover',
  changes: 'something',
  kept: [0, 1],
  async prepare(backend) {
    await backend.remove('snapshot', (await snapshotsIn(backend)).at(-1)!.id)
  },
  async run(backend) {
    const { unreadableTrees } = await recover(await openLoaded(backend), { ...INIT, uid: 0, gid: 0 })
    return unreadableTrees.length === 0 ? 'done' : 'reported'
  },
  isDone: async (backend) => (await snapshotsIn(backend)).some(({ tags }) => tags?.includes('recovered')),
}

export const UNDERTAKINGS: readonly Undertaking[] = [
  backup,
  restoring,
  checking,
  forgetting,
  tagging,
  copying,
  pruning,
  recovering,
]
