import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { sha256Id } from '../crypto/hash.ts'
import { formatTime } from '../json/go-time.ts'
import { makeRepository } from '../repository/fixture.test.support.ts'
import { encodeLock } from '../repository/lock-file.ts'
import { acquireLock } from '../repository/lock.ts'
import type { Repository } from '../repository/repository.ts'
import { unlock } from './unlock.ts'

const MINUTE_MS = 60_000

async function plant(repository: Repository, ageMs: number): Promise<string> {
  const time = formatTime(BigInt(Date.now() - ageMs) * 1_000_000n)
  const lock = { time, exclusive: true, hostname: 'elsewhere', username: 'eve', pid: 12 }
  return await repository.writeUnpacked('lock', encodeLock(lock))
}

const lockIds = async (repository: Repository) => (await repository.listIds('lock')).map(({ id }) => id)

test('only stale locks are removed', async () => {
  const repository = await makeRepository()
  await plant(repository, 120 * MINUTE_MS)
  const fresh = await plant(repository, MINUTE_MS)
  const garbage = sha256Id(Buffer.from('garbage'))
  const empty = sha256Id(Buffer.from('empty'))
  await repository.backend.write('lock', garbage, Buffer.from('garbage'))
  await repository.backend.write('lock', empty, Buffer.alloc(0))
  expect(await unlock(repository)).toEqual({ removed: 1 })
  expect((await lockIds(repository)).sort()).toEqual([fresh, garbage, empty].sort())
})

test('all locks are removed when asked, whatever is in them', async () => {
  const repository = await makeRepository()
  await plant(repository, 0)
  await repository.backend.write('lock', sha256Id(Buffer.from('garbage')), Buffer.from('garbage'))
  await repository.backend.write('lock', sha256Id(Buffer.from('empty')), Buffer.alloc(0))
  expect(await unlock(repository, { all: true })).toEqual({ removed: 3 })
  await using lock = await acquireLock(repository, 'exclusive')
  expect(lock.signal.aborted).toBe(false)
})

test('the lock of a running program on this machine is not stale', async () => {
  const repository = await makeRepository()
  await using _lock = await acquireLock(repository, 'shared')
  const time = formatTime(BigInt(Date.now()) * 1_000_000n)
  const parent = { time, exclusive: false, hostname: hostname(), username: 'u', pid: process.ppid }
  await repository.writeUnpacked('lock', encodeLock(parent))
  expect(await unlock(repository)).toEqual({ removed: 0 })
})
