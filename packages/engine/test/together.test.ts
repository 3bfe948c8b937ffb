import {
  acquireLock,
  check,
  copySnapshots,
  forgetSnapshots,
  initRepository,
  lockAndLoad,
  LockedError,
  LockLostError,
  MemoryBackend,
  openRepository,
  planPrune,
  prune,
  unlock,
  type Backend,
} from '@hikae/engine'
import { makeTempDir } from '@hikae/testkit'
import { test as base } from 'vitest'
import { backUpDirectory, copyAll, INIT, makeGround, namesOf, openLoaded, PASSWORD } from './support/ground.ts'
import { readEverything } from './support/read-everything.ts'

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('ground', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return await makeGround(dir)
})

test('two that store the same content at the same time store it twice, and a prune keeps it once', async ({
  ground,
  expect,
}) => {
  const backend = await copyAll(ground.backend, new MemoryBackend())
  const both = [await openLoaded(backend), await openLoaded(backend)]
  const reports = await Promise.all(
    both.map((repository, number) => backUpDirectory(repository, ground.fresh, { tags: [String(number)] })),
  )
  expect(reports.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
  const repository = await openLoaded(backend)
  const { errors } = await check(repository, { readData: 'all' })
  expect(errors).toEqual([])
  expect(await readEverything(repository)).toHaveLength(5)
  const size = repository.index.size
  await prune(repository, await planPrune(repository, { maxUnused: { percent: 0 } }))
  const pruned = await openLoaded(backend)
  expect(pruned.index.size).toBeLessThan(size)
  expect(await readEverything(pruned)).toHaveLength(5)
})

test('a prune between the first look at the index and the lock of a backup does not mislead it', async ({
  ground,
  expect,
}) => {
  const backend = await copyAll(ground.backend, new MemoryBackend())
  await backUpDirectory(await openLoaded(backend), ground.fresh, { tags: ['to be forgotten'] })
  let isPruned = false
  const late = beforeLocks(backend, async () => {
    if (isPruned) return
    isPruned = true
    const other = await openRepository(backend, { password: PASSWORD })
    await using _lock = await lockAndLoad(other, 'exclusive')
    const unwanted = (await other.snapshots()).filter(({ tags }) => tags?.includes('to be forgotten'))
    await forgetSnapshots(other, unwanted)
    await prune(other, await planPrune(other, { maxUnused: { percent: 0 } }))
  })
  const repository = await openRepository(late, { password: PASSWORD })
  // What it knows from before the prune is that everything is stored already.
  await repository.loadIndex()
  const known = repository.index.size
  await using _lock = await lockAndLoad(repository, 'shared')
  expect(repository.index.size).toBeLessThan(known)
  const report = await backUpDirectory(repository, ground.fresh)
  expect(report.outcome).toBe('succeeded')
  const { errors } = await check(await openLoaded(backend), { readData: 'all' })
  expect(errors).toEqual([])
  expect(await readEverything(await openLoaded(backend))).toHaveLength(4)
})

test('a backup whose lock was removed while it ran stores no snapshot: a prune may have taken what it relies on', async ({
  ground,
  expect,
}) => {
  const backend = await copyAll(ground.backend, new MemoryBackend())
  const repository = await openRepository(backend, { password: PASSWORD })
  await using lock = await lockAndLoad(repository, 'shared')
  const other = await openRepository(backend, { password: PASSWORD })
  await unlock(other, { all: true })
  {
    await using _exclusive = await lockAndLoad(other, 'exclusive')
    await forgetSnapshots(other, await other.snapshots())
    await prune(other, await planPrune(other))
  }
  const report = await backUpDirectory(repository, ground.last, {}, () => lock.confirm())
  expect(report.repositories[0]).toMatchObject({ outcome: 'failed', error: expect.any(LockLostError) as Error })
  expect(lock.signal.reason).toBeInstanceOf(LockLostError)
  expect(await namesOf(backend, 'snapshot')).toEqual([])
  const { errors } = await check(await openLoaded(backend), { readData: 'all' })
  expect(errors).toEqual([])
})

test('a prune whose lock was removed deletes nothing more', async ({ ground, expect }) => {
  const backend = await copyAll(ground.backend, new MemoryBackend())
  const repository = await openRepository(backend, { password: PASSWORD })
  await using lock = await lockAndLoad(repository, 'exclusive')
  await forgetSnapshots(repository, (await repository.snapshots()).slice(0, 2))
  const files = async () => [await namesOf(backend, 'pack'), await namesOf(backend, 'index')]
  const before = await files()
  await unlock(await openRepository(backend, { password: PASSWORD }), { all: true })
  const plan = await planPrune(repository, { maxUnused: { percent: 0 } })
  const pruned = prune(repository, plan, { confirmLock: () => lock.confirm() })
  await expect(pruned).rejects.toBeInstanceOf(LockLostError)
  expect(await files()).toEqual(before)
})

test('a copy whose lock on the destination was removed stores no snapshot there', async ({ ground, expect }) => {
  const from = await openLoaded(ground.backend)
  const backend = new MemoryBackend()
  await initRepository(backend, INIT)
  const to = await openRepository(backend, { password: PASSWORD })
  await using lock = await lockAndLoad(to, 'shared')
  await unlock(await openRepository(backend, { password: PASSWORD }), { all: true })
  const copied = copySnapshots(from, to, await from.snapshots(), { confirmLock: () => lock.confirm() })
  await expect(copied).rejects.toBeInstanceOf(LockLostError)
  expect(await namesOf(backend, 'snapshot')).toEqual([])
})

test('of a writer and a prune that want to begin in the same instant, at most one does', async ({ ground, expect }) => {
  const backend = await copyAll(ground.backend, new MemoryBackend())
  for (let round = 0; round < 5; round++) {
    const [writer, pruner] = [await openLoaded(backend), await openLoaded(backend)]
    const attempts = await Promise.allSettled([acquireLock(writer, 'shared'), acquireLock(pruner, 'exclusive')])
    const held = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
    expect(held.length).toBeLessThan(2)
    for (const attempt of attempts) {
      if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(LockedError)
    }
    for (const lock of held) await lock[Symbol.asyncDispose]()
    expect(await namesOf(backend, 'lock')).toEqual([])
  }
})

/** The same backend; before locks are listed, something else happens. */
function beforeLocks(backend: MemoryBackend, meanwhile: () => Promise<void>): Backend {
  return new Proxy<Backend>(backend, {
    get(target, name) {
      if (name === 'list') {
        return async function* list(...[kind, signal]: Parameters<Backend['list']>) {
          if (kind === 'lock') await meanwhile()
          yield* target.list(kind, signal)
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
