import { expect, test } from 'vitest'
import { MemoryBackend } from '../../backend/memory.ts'
import type { FileKind } from '../../backend/backend.ts'
import { makeFilledRepository } from '../../repository/fixture.test.support.ts'
import { LockLostError } from '../../repository/lock-error.ts'
import { forgetSnapshots } from './forget.ts'

const TREES = [{ a: '1' }, { a: '2' }, { a: '3' }]

/** Refuses to remove the files named. */
class StubbornBackend extends MemoryBackend {
  readonly refused = new Set<string>()

  override async remove(kind: FileKind, name: string): Promise<void> {
    if (this.refused.has(name)) throw new Error('not today')
    await super.remove(kind, name)
  }
}

test('forgetting removes snapshot files and nothing else', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  const packs = await repository.listIds('pack')
  const told: string[] = []
  const report = await forgetSnapshots(repository, snapshots.slice(0, 2), { onRemoved: ({ id }) => told.push(id) })
  expect(report).toEqual({ removed: snapshots.slice(0, 2), failed: [] })
  expect(told).toEqual(snapshots.slice(0, 2).map(({ id }) => id))
  expect(await repository.snapshots()).toEqual(snapshots.slice(2))
  expect(await repository.listIds('pack')).toEqual(packs)
})

test('a snapshot that cannot be removed is named, and the others go', async () => {
  const backend = new StubbornBackend()
  const { repository, snapshots } = await makeFilledRepository(TREES, { backend })
  backend.refused.add(snapshots[0]!.id)
  const report = await forgetSnapshots(repository, snapshots.slice(0, 2))
  expect(report.removed).toEqual([snapshots[1]])
  expect(report.failed).toEqual([{ snapshot: snapshots[0], error: new Error('not today') }])
  expect(await repository.snapshots()).toEqual([snapshots[0], snapshots[2]])
})

test('nothing more is removed once the lock is lost or the person wants to stop', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  const stop = new AbortController()
  const reason = new Error('the lock is lost')
  const options = { signal: stop.signal, onRemoved: () => stop.abort(reason) }
  await expect(forgetSnapshots(repository, snapshots, options)).rejects.toBe(reason)
  expect(await repository.snapshots()).toEqual(snapshots.slice(1))
})

test('a lock that is gone is noticed before a snapshot is removed', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  let confirmed = 0
  const confirmLock = async () => {
    if (++confirmed > 1) throw new LockLostError('the lock is gone')
  }
  await expect(forgetSnapshots(repository, snapshots, { confirmLock })).rejects.toThrow(LockLostError)
  expect(await repository.snapshots()).toEqual(snapshots.slice(1))
})
