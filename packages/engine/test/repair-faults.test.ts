import { describe, expect, test } from 'vitest'
import {
  type Backend,
  check,
  MemoryBackend,
  openRepository,
  type PackId,
  repairIndex,
  repairPacks,
  repairSnapshots,
  type Repository,
  rewrite,
} from '@hikae/engine'
import { type Fault, withFaults } from '@hikae/testkit'
import { alterFile, flipBit, makeFilledRepository, RepositoryFiller } from '../src/repository/fixture.test.support.ts'

/** A maintenance operation on a repository that somebody else has opened, loaded and damaged before. */
interface Scenario {
  readonly name: string
  readonly prepare: () => Promise<Backend>
  readonly run: (repository: Repository) => Promise<unknown>
  /** What must hold wherever the operation was interrupted. */
  readonly meanwhile: (repository: Repository) => Promise<void>
  readonly faults?: readonly Fault[]
}

const FAULTS: readonly Fault[] = [
  { kind: 'fail-before' },
  { kind: 'fail-after' },
  { kind: 'crash', when: 'before' },
  { kind: 'crash', when: 'after' },
]

const TREES = [
  { file: ['one', 'two', 'three'], dir: { secret: 'key', other: 'other' } },
  { file: ['one', 'two', 'three'], dir: { other: 'other' }, new: 'new' },
  { dir: { deep: { secret: 'key' }, more: 'more' } },
]

const scenarios: readonly Scenario[] = [
  {
    name: 'rewrite with the originals removed',
    prepare: async () => (await makeFilledRepository(TREES)).repository.backend,
    run: async (repository) => {
      await repository.loadIndex()
      const snapshots = await repository.snapshots()
      return await rewrite(repository, snapshots, { exclude: { patterns: ['secret'] }, originals: 'remove' })
    },
    meanwhile: expectWhole,
  },
  {
    name: 'repair index',
    prepare: async () => {
      const { repository } = await makeFilledRepository(TREES)
      const filler = new RepositoryFiller(repository)
      await filler.addBlob('data', Buffer.from('in an index of its own'))
      await filler.finish()
      const [index] = await repository.listIds('index')
      await alterFile(repository.backend, 'index', index!.id, flipBit(30))
      return repository.backend
    },
    run: async (repository) => await repairIndex(repository),
    // Some index file may be unreadable; what the others say is true.
    meanwhile: async (repository) => {
      const { errors } = await check(repository)
      expect(errors.filter(({ kind }) => kind === 'pack-missing' || kind === 'pack-damaged')).toEqual([])
      expect(await repository.listIds('pack')).toHaveLength(3)
    },
  },
  {
    name: 'repair packs',
    prepare: async () => {
      const { repository } = await makeFilledRepository(TREES)
      await alterFile(repository.backend, 'pack', dataPack(repository), flipBit(-10))
      return repository.backend
    },
    run: async (repository) => {
      await repository.loadIndex()
      const damaged = dataPack(repository)
      // After an interruption the first one with data may be a new one already, which does no harm.
      await repairPacks(repository, [damaged])
    },
    meanwhile: expectWhole,
    // Each run starts threads.
    faults: FAULTS.slice(2, 3),
  },
  {
    name: 'repair snapshots with the originals removed',
    prepare: async () => {
      const { repository } = await makeFilledRepository(TREES)
      const pack = dataPack(repository)
      const filler = new RepositoryFiller(repository)
      for (const text of ['one', 'three', 'key', 'other', 'new']) await filler.addBlob('data', Buffer.from(text))
      await filler.finish()
      await repository.backend.remove('pack', pack)
      await repairIndex(repository)
      return repository.backend
    },
    run: async (repository) => {
      await repository.loadIndex()
      return await repairSnapshots(repository, { originals: 'remove' })
    },
    meanwhile: async (repository) => {
      const { errors } = await check(repository)
      expect(errors.filter(({ kind }) => kind !== 'blob-missing')).toEqual([])
    },
  },
]

describe.each(scenarios)('$name', ({ prepare, run, meanwhile, faults = FAULTS }) => {
  test.for(faults)('loses nothing, whichever call fails: %j', async (fault) => {
    const before = await prepare()
    const clean = await copyOf(before)
    const counting = withFaults(clean)
    await run(await open(counting))
    await expectWhole(await open(clean))
    const expected = await factsOf(await open(clean))
    const calls = counting.calls.length
    expect(calls).toBeGreaterThan(5)

    const opening = await callsToOpen(before)
    let failed = 0
    for (let call = opening + 1; call <= calls; call++) {
      const backend = await copyOf(before)
      const faulty = withFaults(backend, ({ number }) => (number === call ? fault : undefined))
      const outcome = await run(await open(faulty)).then(
        () => 'done',
        () => 'failed',
      )
      if (outcome === 'failed') failed++
      await meanwhile(await open(backend))
      await run(await open(backend))
      await expectWhole(await open(backend))
      expect(await factsOf(await open(backend)), `call ${call}`).toEqual(expected)
    }
    expect(failed).toBeGreaterThan((calls - opening) / 2)
  })
})

async function open(backend: Backend): Promise<Repository> {
  return await openRepository(backend, { password: 'secret' })
}

async function callsToOpen(backend: Backend): Promise<number> {
  const counting = withFaults(await copyOf(backend))
  await open(counting)
  return counting.calls.length
}

async function copyOf(backend: Backend): Promise<MemoryBackend> {
  const copy = new MemoryBackend()
  await copy.create()
  await copy.write('config', '', await backend.read('config', ''))
  for (const kind of ['key', 'snapshot', 'index', 'pack'] as const) {
    for await (const { name } of backend.list(kind)) await copy.write(kind, name, await backend.read(kind, name))
  }
  return copy
}

function dataPack(repository: Repository): PackId {
  return [...repository.index.packs()].find(({ blobs }) => blobs[0]!.type === 'data')!.id
}

async function expectWhole(repository: Repository): Promise<void> {
  expect((await check(repository)).errors).toEqual([])
}

/** What there is to restore: ids of snapshots differ from run to run. */
async function factsOf(repository: Repository): Promise<string[]> {
  await repository.loadIndex()
  const snapshots = await repository.snapshots()
  return snapshots.map(({ time, tree, tags = [], original }) => [time, tree, tags.join(), original].join(' ')).sort()
}
