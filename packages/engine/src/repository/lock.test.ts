import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FileMissingError } from '../backend/backend.ts'
import { MemoryBackend } from '../backend/memory.ts'
import { sha256Id } from '../crypto/hash.ts'
import { formatTime, parseTime } from '../json/go-time.ts'
import { makeRepository } from './fixture.test.support.ts'
import { encodeLock, type LockFile } from './lock-file.ts'
import { LockedError, LockLostError } from './lock-error.ts'
import { readLocks } from './lock-store.ts'
import { isStale } from './lock-verdict.ts'
import { acquireLock } from './lock.ts'
import { openRepository } from './open.ts'
import type { Repository } from './repository.ts'

const MINUTE_MS = 60_000

const timeOf = (ms: number): string => formatTime(BigInt(ms) * 1_000_000n)

/** A lock of somebody else. */
async function plantLock(repository: Repository, fields: Partial<LockFile> = {}) {
  const lock = {
    time: timeOf(Date.now()),
    exclusive: false,
    hostname: 'elsewhere',
    username: 'eve',
    pid: 12,
    ...fields,
  }
  return await repository.writeUnpacked('lock', encodeLock(lock))
}

const lockIds = async (repository: Repository) => (await repository.listIds('lock')).map(({ id }) => id)

/** A process id that nobody has any more. */
const goneProcess = (): number => spawnSync(process.execPath, ['--version']).pid

describe('a lock', () => {
  test('is there while it is held, says who holds it, and is gone afterwards', async () => {
    const repository = await makeRepository()
    {
      await using lock = await acquireLock(repository, 'exclusive')
      expect(lock.mode).toBe('exclusive')
      const [found, ...others] = await readLocks(repository)
      expect(others).toEqual([])
      expect(found!.lock).toMatchObject({ exclusive: true, hostname: hostname(), pid: process.pid })
      expect(lock.signal.aborted).toBe(false)
    }
    expect(await lockIds(repository)).toEqual([])
  })

  test('that is shared goes with other shared ones, and an exclusive one with none', async () => {
    const repository = await makeRepository()
    const other = await openRepository(repository.backend, { password: 'secret' })
    {
      await using _one = await acquireLock(repository, 'shared')
      await using _two = await acquireLock(other, 'shared')
      await expect(acquireLock(other, 'exclusive')).rejects.toThrow(LockedError)
      expect(await lockIds(repository)).toHaveLength(2)
    }
    await using _exclusive = await acquireLock(repository, 'exclusive')
    await expect(acquireLock(other, 'shared')).rejects.toThrow(LockedError)
    await expect(acquireLock(other, 'exclusive')).rejects.toThrow(LockedError)
  })

  test('that conflicts is described: who, where, since when', async () => {
    const repository = await makeRepository()
    await plantLock(repository, { exclusive: true, time: timeOf(Date.now() - 3 * MINUTE_MS) })
    await expect(acquireLock(repository, 'shared')).rejects.toThrow(
      'is locked exclusively by process 12 of eve on elsewhere, 3 min ago',
    )
  })

  test('of another program that came between is noticed, and ours is taken back', async () => {
    const repository = await makeRepository()
    const write = repository.backend.write.bind(repository.backend)
    let theirs: string | undefined
    vi.spyOn(repository.backend, 'write').mockImplementation(async (...args) => {
      await write(...args)
      if (theirs === undefined) {
        theirs = ''
        theirs = await plantLock(repository, { exclusive: true })
      }
    })
    await expect(acquireLock(repository, 'shared')).rejects.toThrow(LockedError)
    expect(await lockIds(repository)).toEqual([theirs])
  })

  test('of no bytes is no lock', async () => {
    const repository = await makeRepository()
    await repository.backend.write('lock', sha256Id(Buffer.from('empty')), Buffer.alloc(0))
    await using lock = await acquireLock(repository, 'exclusive')
    expect(lock.signal.aborted).toBe(false)
  })

  test.for(['garbage', '{"time":'])(
    'that cannot be read (%s) blocks, since nobody knows what it means',
    async (text) => {
      const repository = await makeRepository()
      if (text === 'garbage') await repository.backend.write('lock', sha256Id(Buffer.from('x')), Buffer.from(text))
      else await repository.writeUnpacked('lock', Buffer.from(text))
      await expect(acquireLock(repository, 'shared')).rejects.toThrow('a lock that cannot be read')
    },
  )

  test('is not left behind when taking it is aborted', async () => {
    const repository = await makeRepository()
    const controller = new AbortController()
    const taking = acquireLock(repository, 'shared', { signal: controller.signal })
    await vi.waitFor(async () => expect(await lockIds(repository)).toHaveLength(1))
    controller.abort(new Error('enough'))
    await expect(taking).rejects.toThrow('aborted')
    expect(await lockIds(repository)).toEqual([])
  })

  test('is waited for when asked, and taken when the other one goes', async () => {
    const repository = await makeRepository()
    const id = await plantLock(repository, { exclusive: true })
    const waits: LockedError[] = []
    const taking = acquireLock(repository, 'shared', {
      retryForMs: 50,
      onWait: (error) => {
        waits.push(error)
        void repository.backend.remove('lock', id)
      },
    })
    await using lock = await taking
    expect(lock.mode).toBe('shared')
    expect(waits.map(({ holder }) => holder?.username)).toEqual(['eve'])
  })
})

describe('staleness', () => {
  const now = Date.UTC(2024, 1, 1)
  const lock = { time: timeOf(now), exclusive: false, hostname: 'elsewhere', username: 'u', pid: 1 }

  test('comes with 30 minutes without refresh', () => {
    expect(isStale({ ...lock, time: timeOf(now - 29 * MINUTE_MS) }, now)).toBe(false)
    expect(isStale({ ...lock, time: timeOf(now - 31 * MINUTE_MS) }, now)).toBe(true)
    expect(isStale({ ...lock, time: timeOf(now + 60 * MINUTE_MS) }, now)).toBe(false)
  })

  test('comes with the end of the process, which only its own host can see', () => {
    const pid = goneProcess()
    expect(isStale({ ...lock, pid, hostname: hostname() }, now)).toBe(true)
    expect(isStale({ ...lock, pid, hostname: 'elsewhere' }, now)).toBe(false)
    expect(isStale({ ...lock, pid: process.pid, hostname: hostname() }, now)).toBe(false)
    expect(isStale({ ...lock, pid: 1, hostname: hostname() }, now)).toBe(false)
  })
})

describe('while time passes', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] })
  })

  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test('a lock is refreshed every five minutes: a new file, and then the old one is removed', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'shared')
    const [first] = await lockIds(repository)
    const calls: string[] = []
    const { backend } = repository
    const [write, remove] = [backend.write.bind(backend), backend.remove.bind(backend)]
    vi.spyOn(backend, 'write').mockImplementation(async (...args) => {
      calls.push('write')
      await write(...args)
    })
    vi.spyOn(backend, 'remove').mockImplementation(async (...args) => {
      calls.push('remove')
      await remove(...args)
    })
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS)
    await vi.waitFor(() => expect(calls).toEqual(['write', 'remove']))
    const [second, ...others] = await readLocks(repository)
    expect(others).toEqual([])
    expect(second!.id).not.toBe(first)
    const age = Date.now() - Number(parseTime(second!.lock!.time) / 1_000_000n)
    expect(age).toBeLessThan(MINUTE_MS)
    expect(lock.signal.aborted).toBe(false)
  })

  test('a lock that cannot be refreshed for long stops the work; one failure does not', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    vi.spyOn(repository.backend, 'write').mockRejectedValue(new Error('no network'))
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS)
    expect(lock.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS)
    expect(lock.signal.aborted).toBe(true)
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
  })

  test('a lock that could be refreshed again in time is kept', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    const failing = vi.spyOn(repository.backend, 'write').mockRejectedValue(new Error('no network'))
    await vi.advanceTimersByTimeAsync(15 * MINUTE_MS)
    failing.mockRestore()
    await vi.advanceTimersByTimeAsync(15 * MINUTE_MS)
    expect(lock.signal.aborted).toBe(false)
    expect(await lockIds(repository)).toHaveLength(1)
  })

  test('a machine that slept past the limit notices within a second', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    vi.setSystemTime(Date.now() + 23 * MINUTE_MS)
    await vi.advanceTimersByTimeAsync(1000)
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    expect((lock.signal.reason as Error).message).toContain('the machine slept')
  })

  test('a machine that slept for a shorter time refreshes within a second', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    const [first] = await lockIds(repository)
    vi.setSystemTime(Date.now() + 20 * MINUTE_MS)
    await vi.advanceTimersByTimeAsync(1000)
    await vi.waitFor(async () => expect(await lockIds(repository)).not.toContain(first))
    expect(lock.signal.aborted).toBe(false)
  })

  test('a clock that is set back stops neither the refreshing nor the noticing', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    const [first] = await lockIds(repository)
    vi.setSystemTime(Date.now() - 24 * 60 * MINUTE_MS)
    await vi.advanceTimersByTimeAsync(6 * MINUTE_MS)
    await vi.waitFor(async () => expect(await lockIds(repository)).not.toContain(first))
    vi.spyOn(repository.backend, 'write').mockRejectedValue(new Error('no network'))
    vi.setSystemTime(Date.now() - 24 * 60 * MINUTE_MS)
    await vi.advanceTimersByTimeAsync(23 * MINUTE_MS)
    expect(lock.signal.aborted).toBe(true)
  })

  test('a refresh that hangs does not keep the work from being stopped', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    const hanging = Promise.withResolvers<void>()
    vi.spyOn(repository.backend, 'write').mockReturnValue(hanging.promise)
    await vi.advanceTimersByTimeAsync(23 * MINUTE_MS)
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    hanging.resolve()
  })

  test('a lock that somebody removes while it is refreshed stops the work, and leaves nothing behind', async () => {
    const repository = await makeRepository()
    {
      await using lock = await acquireLock(repository, 'exclusive')
      const write = repository.backend.write.bind(repository.backend)
      const [first] = await lockIds(repository)
      vi.spyOn(repository.backend, 'write').mockImplementation(async (...args) => {
        await write(...args)
        await repository.backend.remove('lock', first!)
      })
      await vi.advanceTimersByTimeAsync(5 * MINUTE_MS)
      await vi.waitFor(() => expect(lock.signal.reason).toBeInstanceOf(LockLostError))
    }
    expect(await lockIds(repository)).toEqual([])
  })

  test('a process that was stopped in the middle of a refresh does not believe in its new file', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    const write = repository.backend.write.bind(repository.backend)
    vi.spyOn(repository.backend, 'write').mockImplementation(async (...args) => {
      vi.setSystemTime(Date.now() + 40 * MINUTE_MS)
      await write(...args)
    })
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS)
    await vi.waitFor(() => expect(lock.signal.reason).toBeInstanceOf(LockLostError))
  })

  test('a lock whose older file could not be removed leaves nothing behind in the end', async () => {
    const repository = await makeRepository()
    {
      await using lock = await acquireLock(repository, 'shared')
      vi.spyOn(repository.backend, 'remove').mockRejectedValueOnce(new Error('no network'))
      await vi.advanceTimersByTimeAsync(5 * MINUTE_MS)
      await vi.waitFor(async () => expect(await lockIds(repository)).toHaveLength(2))
      expect(lock.signal.aborted).toBe(false)
    }
    expect(await lockIds(repository)).toEqual([])
  })

  test('a lock that somebody removed stops the work at the next refresh', async () => {
    const repository = await makeRepository()
    await using lock = await acquireLock(repository, 'exclusive')
    for (const id of await lockIds(repository)) await repository.backend.remove('lock', id)
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS)
    await vi.waitFor(() => expect(lock.signal.aborted).toBe(true))
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    expect(await lockIds(repository)).toEqual([])
  })
})

test('a lock that went while it was looked at is no conflict', async () => {
  class VanishingBackend extends MemoryBackend {
    override async read(...args: Parameters<MemoryBackend['read']>): Promise<Uint8Array> {
      if (args[0] === 'lock') throw new FileMissingError('memory', 'lock', args[1])
      return await super.read(...args)
    }
  }
  const repository = await makeRepository({ backend: new VanishingBackend() })
  await plantLock(repository, { exclusive: true })
  await using lock = await acquireLock(repository, 'shared')
  expect(lock.mode).toBe('shared')
})
