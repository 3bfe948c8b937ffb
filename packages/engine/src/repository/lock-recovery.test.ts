import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLocalBackend } from '../backend/local.ts'
import { formatTime } from '../json/go-time.ts'
import { makeRepository } from './fixture.test.support.ts'
import { LockedError } from './lock-error.ts'
import { encodeLock, type LockFile } from './lock-file.ts'
import { ownOrigin } from './lock-origin.ts'
import type { LockMode } from './lock-store.ts'
import { acquireLock, type LockOptions } from './lock.ts'
import type { Repository } from './repository.ts'

const MINUTE_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

async function plantLock(repository: Repository, ageMs: number, fields: Partial<LockFile> = {}) {
  const time = formatTime(BigInt(Date.now() - ageMs) * 1_000_000n)
  const lock = { time, exclusive: true, hostname: 'elsewhere', username: 'eve', pid: 12, ...fields }
  return await repository.writeUnpacked('lock', encodeLock(lock))
}

const lockIds = async (repository: Repository) => (await repository.listIds('lock')).map(({ id }) => id)

/** Takes and gives back a lock; waiting takes no time. @returns what was told, and how long was waited */
async function take(repository: Repository, mode: LockMode = 'exclusive', onSleep?: (waitedMs: number) => unknown) {
  const told: string[] = []
  const startedAt = performance.now()
  const options: LockOptions = {
    onWatch: (lock, forMs) => told.push(`watch ${lock.username} for ${forMs / MINUTE_MS} min`),
    onStale: (lock, reason) => told.push(`removed ${lock.username}: ${reason}`),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      await vi.advanceTimersByTimeAsync(ms)
      await onSleep?.(performance.now() - startedAt)
    },
  }
  await using _lock = await acquireLock(repository, mode, options)
  return { told, waitedMs: performance.now() - startedAt }
}

const ofDeadProcess = (): Partial<LockFile> => ({
  pid: spawnSync(process.execPath, ['--version']).pid,
  origin: ownOrigin()!,
})

test('the lock of a process that ended here is removed at once', async () => {
  const repository = await makeRepository()
  await plantLock(repository, MINUTE_MS, ofDeadProcess())
  const { told, waitedMs } = await take(repository)
  expect(told).toEqual(['removed eve: process-ended'])
  expect(waitedMs).toBe(200)
  expect(await lockIds(repository)).toEqual([])
})

test('it is removed also where it is not in the way, so that it will not be for others', async () => {
  const repository = await makeRepository()
  await plantLock(repository, MINUTE_MS, { ...ofDeadProcess(), exclusive: false })
  expect((await take(repository, 'shared')).told).toEqual(['removed eve: process-ended'])
  expect(await lockIds(repository)).toEqual([])
})

test('the lock of a process that runs here is never removed, however old', async () => {
  const repository = await makeRepository()
  const id = await plantLock(repository, 120 * MINUTE_MS, { pid: process.pid, origin: ownOrigin()! })
  await expect(take(repository)).rejects.toThrow(LockedError)
  expect(await lockIds(repository)).toEqual([id])
})

test('an old lock is watched until every living holder would have refreshed it, and then removed', async () => {
  const repository = await makeRepository()
  await plantLock(repository, 31 * MINUTE_MS)
  const { told, waitedMs } = await take(repository)
  expect(told).toEqual(['watch eve for 5.5 min', 'removed eve: not-refreshed'])
  expect(waitedMs).toBe(5.5 * MINUTE_MS + 200)
  expect(await lockIds(repository)).toEqual([])
})

test('an old lock that is refreshed while it is watched is that of a living holder', async () => {
  const repository = await makeRepository()
  const old = await plantLock(repository, 31 * MINUTE_MS)
  let fresh: string | undefined
  const taking = take(repository, 'exclusive', async (waitedMs) => {
    if (fresh !== undefined || waitedMs < 4 * MINUTE_MS) return
    fresh = ''
    fresh = await plantLock(repository, 0)
    await repository.backend.remove('lock', old)
  })
  await expect(taking).rejects.toThrow(LockedError)
  expect(await lockIds(repository)).toEqual([fresh])
})

test('a holder whose clock is far behind is found alive by its next refresh, though that looks old too', async () => {
  const repository = await makeRepository()
  const old = await plantLock(repository, 120 * MINUTE_MS)
  let next: string | undefined
  const taking = take(repository, 'exclusive', async (waitedMs) => {
    if (next !== undefined || waitedMs < 5 * MINUTE_MS) return
    next = ''
    next = await plantLock(repository, 120 * MINUTE_MS)
    await repository.backend.remove('lock', old)
  })
  await expect(taking).rejects.toThrow(LockedError)
  expect(await lockIds(repository)).toEqual([next])
})

test('an old lock that goes while it is watched is not waited for any longer', async () => {
  const repository = await makeRepository()
  const old = await plantLock(repository, 31 * MINUTE_MS)
  const { told, waitedMs } = await take(repository, 'exclusive', async (waited) => {
    if (waited === 20_000) await repository.backend.remove('lock', old)
  })
  expect(told).toEqual(['watch eve for 5.5 min'])
  expect(waitedMs).toBe(20_200)
})

test('an old lock that is not in the way is neither watched nor removed', async () => {
  const repository = await makeRepository()
  const id = await plantLock(repository, 31 * MINUTE_MS, { exclusive: false })
  expect(await take(repository, 'shared')).toEqual({ told: [], waitedMs: 200 })
  expect(await lockIds(repository)).toEqual([id])
})

test('nothing is watched as long as a living lock is in the way as well', async () => {
  const repository = await makeRepository()
  await plantLock(repository, 31 * MINUTE_MS)
  await plantLock(repository, 0, { username: 'adam' })
  await expect(take(repository)).rejects.toThrow('of adam')
  expect(await lockIds(repository)).toHaveLength(2)
})

test('a lock of the far future is never removed', async () => {
  const repository = await makeRepository()
  await plantLock(repository, -1e6 * MINUTE_MS)
  await expect(take(repository)).rejects.toThrow(LockedError)
  expect(await lockIds(repository)).toHaveLength(1)
})

test('watching ends when it is aborted, and leaves everything as it was', async () => {
  const repository = await makeRepository()
  const id = await plantLock(repository, 31 * MINUTE_MS)
  const controller = new AbortController()
  const taking = acquireLock(repository, 'exclusive', {
    signal: controller.signal,
    onWatch: () => controller.abort(new Error('enough')),
  })
  await expect(taking).rejects.toThrow('aborted')
  expect(await lockIds(repository)).toEqual([id])
})

test('two who find the same dead lock do not disturb each other: one gets through, or both are told to wait', async () => {
  const repository = await makeRepository()
  await plantLock(repository, 0, ofDeadProcess())
  const takings = await Promise.allSettled([take(repository), take(repository)])
  for (const taking of takings) if (taking.status === 'rejected') expect(taking.reason).toBeInstanceOf(LockedError)
  expect(await lockIds(repository)).toEqual([])
})

test('in a folder, the time of the file counts as well as the one that is written in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hikae-lock-'))
  try {
    const backend = await openLocalBackend(folder)
    const repository = await makeRepository({ backend })
    const id = await plantLock(repository, 120 * MINUTE_MS)
    await expect(take(repository)).rejects.toThrow(LockedError)
    const then = new Date(Date.now() - 120 * MINUTE_MS)
    await utimes(backend.localPath('lock', id), then, then)
    expect((await take(repository)).told.at(-1)).toBe('removed eve: not-refreshed')
  } finally {
    await rm(folder, { recursive: true })
  }
})
