import { describe, expect, test } from 'vitest'
import type { FileKind } from '../backend/backend.ts'
import { MemoryBackend } from '../backend/memory.ts'
import { InvalidInputError } from '../errors.ts'
import type { SnapshotId, TreeId } from '../ids.ts'
import { makeRepository, RepositoryFiller } from '../repository/fixture.test.support.ts'
import { LockLostError } from '../repository/lock-error.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { type TagChange, tagSnapshots } from './tag.ts'

const tree = '1'.repeat(64) as TreeId

async function tagged(
  tags: readonly string[],
  change: TagChange,
): Promise<readonly string[] | undefined | 'unchanged'> {
  const repository = await makeRepository()
  const old = await new RepositoryFiller(repository).addSnapshot(tree, { tags })
  const { changed, unchanged, failed } = await tagSnapshots(repository, [old], change)
  expect(failed).toEqual([])
  const [now, ...others] = await repository.snapshots()
  expect(others).toEqual([])
  expect(changed + unchanged).toBe(1)
  expect(now!.original).toBe(changed === 1 ? old.id : undefined)
  expect(now!.id === old.id).toBe(unchanged === 1)
  return unchanged === 1 ? 'unchanged' : now!.tags
}

test.each<[readonly string[], TagChange, readonly string[] | undefined | 'unchanged']>([
  [['a'], { set: ['b', 'c', 'b'] }, ['b', 'c']],
  [['a'], { set: [] }, undefined],
  [['a', 'b'], { set: ['b', 'a'] }, 'unchanged'],
  [['a'], { add: ['b', 'a'] }, ['a', 'b']],
  [['a'], { add: ['a'] }, 'unchanged'],
  [['a', 'b', 'c'], { remove: ['a'] }, ['b', 'c']],
  [['a'], { remove: ['a'] }, undefined],
  [['a'], { remove: ['x'] }, 'unchanged'],
  [['a'], { add: ['b'], remove: ['a'] }, ['b']],
  [[], { add: ['a'], remove: ['a'] }, 'unchanged'],
])('the tags %j with the change %j are %j', async (tags, change, result) => {
  expect(await tagged(tags, change)).toEqual(result)
})

test('everything else of a snapshot stays, and its origin too when it is tagged again', async () => {
  const repository = await makeRepository()
  const first = await new RepositoryFiller(repository).addSnapshot(tree, {
    excludes: ['*.o'],
    uid: 7,
    programVersion: 'x',
  })
  await tagSnapshots(repository, [first], { add: ['a'] })
  const told: [string, string][] = []
  const second = (await repository.snapshots())[0]!
  await tagSnapshots(repository, [second], { add: ['b'] }, { onChanged: (old, { id }) => told.push([old.id, id]) })
  const [third] = await repository.snapshots()
  expect(third).toEqual({ ...first, id: third!.id, tags: ['a', 'b'], original: first.id })
  expect(told).toEqual([[second.id, third!.id]])
})

test('a change of nothing is refused', async () => {
  const repository = await makeRepository()
  await expect(tagSnapshots(repository, [], { add: [], remove: [] })).rejects.toThrow(InvalidInputError)
})

test('a snapshot that cannot be tagged is named and still there, and the others are tagged', async () => {
  class FullBackend extends MemoryBackend {
    left = 2
    override async write(kind: FileKind, ...rest: [string, Uint8Array]): Promise<void> {
      if (kind === 'snapshot' && this.left-- === 0) throw new Error('full')
      await super.write(kind, ...rest)
    }
  }
  const repository = await makeRepository({ backend: new FullBackend() })
  const filler = new RepositoryFiller(repository)
  const one = await filler.addSnapshot(tree, { hostname: 'one' })
  const two = await filler.addSnapshot(tree, { hostname: 'two' })
  const report = await tagSnapshots(repository, [one, two], { add: ['a'] })
  expect(report).toEqual({ changed: 1, unchanged: 0, failed: [{ snapshot: one, error: new Error('full') }] })
  const now = await repository.snapshots()
  expect(Object.fromEntries(now.map(({ hostname, tags }) => [hostname, tags]))).toEqual({ one: undefined, two: ['a'] })
})

test('nothing more is tagged once the lock is lost', async () => {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  const some = [
    await filler.addSnapshot(tree, { hostname: 'one' }),
    await filler.addSnapshot(tree, { hostname: 'two' }),
  ]
  const stop = new AbortController()
  const options = { signal: stop.signal, onChanged: () => stop.abort(new Error('the lock is lost')) }
  await expect(tagSnapshots(repository, some, { add: ['a'] }, options)).rejects.toThrow('the lock is lost')
  expect((await repository.snapshots()).filter(({ tags }) => tags)).toHaveLength(1)
})

test('a lock that is gone is noticed before anything is stored or removed', async () => {
  const repository = await makeRepository()
  const old = await new RepositoryFiller(repository).addSnapshot(tree)
  const confirmLock = async () => {
    throw new LockLostError('the lock is gone')
  }
  await expect(tagSnapshots(repository, [old], { add: ['a'] }, { confirmLock })).rejects.toThrow(LockLostError)
  expect(await repository.snapshots()).toEqual([old])
})

describe('a run that ended before it removed the old snapshot', () => {
  class DyingBackend extends MemoryBackend {
    isDead = false
    override async remove(...args: [kind: FileKind, name: string]): Promise<void> {
      if (this.isDead) throw new Error('died')
      await super.remove(...args)
    }
  }

  test.each<[string, Partial<Snapshot>, TagChange]>([
    ['of a first snapshot', {}, { add: ['a'] }],
    ['of one that was changed before', { original: '2'.repeat(64) as SnapshotId, tags: ['b'] }, { remove: ['b'] }],
  ])('%s is finished by the same run, and there is one snapshot', async (_, fields, change) => {
    const backend = new DyingBackend()
    const repository = await makeRepository({ backend })
    const old = await new RepositoryFiller(repository).addSnapshot(tree, fields)
    backend.isDead = true
    expect((await tagSnapshots(repository, [old], change)).failed).toHaveLength(1)
    backend.isDead = false
    const both = await repository.snapshots()
    expect(both).toHaveLength(2)
    const told: [string, string][] = []
    const report = await tagSnapshots(repository, both, change, { onChanged: (a, b) => told.push([a.id, b.id]) })
    expect(report).toEqual({ changed: 1, unchanged: 1, failed: [] })
    const changed = both.find(({ id }) => id !== old.id)!
    expect(await repository.snapshots()).toEqual([changed])
    expect(told).toEqual([[old.id, changed.id]])
  })

  test('is not taken for a snapshot that differs in anything else', async () => {
    const repository = await makeRepository()
    const filler = new RepositoryFiller(repository)
    const old = await filler.addSnapshot(tree)
    const other = await filler.addSnapshot(tree, { hostname: 'elsewhere', original: old.id, tags: ['a'] })
    await tagSnapshots(repository, [old], { add: ['a'] })
    const now = await repository.snapshots()
    expect(new Set(now.map(({ hostname }) => hostname))).toEqual(new Set([old.hostname, other.hostname]))
    expect(now).toHaveLength(2)
  })
})
