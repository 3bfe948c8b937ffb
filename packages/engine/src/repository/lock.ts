import { setTimeout as delay } from 'node:timers/promises'
import { hostname, userInfo } from 'node:os'
import { FileMissingError } from '../backend/backend.ts'
import { mapConcurrently } from '../concurrency.ts'
import { DamagedError, KnownError } from '../errors.ts'
import type { Id, LockId } from '../ids.ts'
import { formatTime, parseTime } from '../json/go-time.ts'
import { decodeLock, encodeLock, type LockFile } from './lock-file.ts'
import type { Repository } from './repository.ts'

export type LockMode = 'shared' | 'exclusive'

/** Time for other programs' locks to become visible before ours counts (§13). */
const SETTLE_MS = 200
const REFRESH_MS = 5 * 60 * 1000
/** A lock this old is stale for everybody. */
const STALE_AFTER_MS = 30 * 60 * 1000
/** Without a refresh for so long the lock may soon be taken for stale: the operation must stop. */
const LOST_AFTER_MS = STALE_AFTER_MS - 7.5 * 60 * 1000
const FIRST_RETRY_MS = 5000
const LONGEST_RETRY_MS = 60_000

/** Somebody else works on the repository in a way that excludes ours. */
export class LockedError extends KnownError {
  override readonly name = 'LockedError'
  readonly code = 'LOCKED'
  readonly holder: LockFile | undefined

  constructor(location: string, holder: LockFile | undefined, nowMs: number) {
    const who = holder ? describeHolder(holder, nowMs) : 'by a lock that cannot be read'
    super(`${location} is locked ${who}`, {
      hint: 'wait for it to finish, or add `--retry-lock 10m`; if that program is gone, run `hikae unlock`',
      transient: true,
    })
    this.holder = holder
  }
}

/** The lock could not be refreshed in time, so that another program may remove what this one relies on. */
export class LockLostError extends KnownError {
  override readonly name = 'LockLostError'
  readonly code = 'LOCK_LOST'
}

export interface LockOptions {
  readonly signal?: AbortSignal
  /** How long to try again while somebody else holds a conflicting lock; 0 by default. */
  readonly retryForMs?: number
  readonly onWait?: (error: LockedError) => void
}

/** A lock that is held: refreshed every five minutes until it is disposed of. */
export interface Lock extends AsyncDisposable {
  readonly mode: LockMode
  /** Aborts with {@link LockLostError} when the lock can no longer be relied on. */
  readonly signal: AbortSignal
}

/**
 * Takes a lock as restic does (§13): look, write, wait a moment, look again.
 *
 * @throws {LockedError} a conflicting lock is held, stale ones included, after the time to retry
 */
export async function acquireLock(repository: Repository, mode: LockMode, options: LockOptions = {}): Promise<Lock> {
  const deadline = Date.now() + (options.retryForMs ?? 0)
  for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      return await tryLock(repository, mode, options.signal)
    } catch (error) {
      const left = deadline - Date.now()
      if (!(error instanceof LockedError) || left <= 0) throw error
      options.onWait?.(error)
      await delay(Math.min(pause, left), undefined, options.signal ? { signal: options.signal } : {})
    }
  }
}

async function tryLock(repository: Repository, mode: LockMode, signal: AbortSignal | undefined): Promise<Lock> {
  await refuseConflicts(repository, mode, undefined, signal)
  const id = await writeLock(repository, mode)
  try {
    await delay(SETTLE_MS, undefined, signal ? { signal } : {})
    await refuseConflicts(repository, mode, id, signal)
  } catch (error) {
    await removeLock(repository, id)
    throw error
  }
  return holdLock(repository, mode, id)
}

async function refuseConflicts(
  repository: Repository,
  mode: LockMode,
  own: LockId | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { id, lock } of await readLocks(repository, signal)) {
    if (id === own) continue
    if (mode === 'exclusive' || lock === undefined || lock.exclusive) {
      throw new LockedError(repository.backend.location, lock, Date.now())
    }
  }
}

/** Every lock there is; `lock` is undefined for one that cannot be read. Empty files are not locks. */
export async function readLocks(
  repository: Repository,
  signal?: AbortSignal,
): Promise<{ id: LockId; lock: LockFile | undefined }[]> {
  const stored = await repository.listIds('lock', signal)
  const found = await mapConcurrently(
    stored.filter(({ size }) => size > 0),
    repository.backend.connections,
    async ({ id }) => {
      try {
        return { id, lock: decodeLock(await repository.readUnpacked('lock', id, signal)) }
      } catch (error) {
        if (error instanceof FileMissingError) return undefined
        if (error instanceof DamagedError) return { id, lock: undefined }
        throw error
      }
    },
  )
  return found.filter((lock) => lock !== undefined)
}

/** Whether the program that holds the lock is surely gone: nobody refreshed it, or its process on this host ended. */
export function isStale(lock: LockFile, nowMs: number = Date.now()): boolean {
  if (nowMs - Number(parseTime(lock.time) / 1_000_000n) > STALE_AFTER_MS) return true
  return lock.hostname === hostname() && lock.pid !== process.pid && !processExists(lock.pid)
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

async function writeLock(repository: Repository, mode: LockMode): Promise<LockId> {
  const { username, uid, gid } = userInfo()
  const lock: LockFile = {
    time: formatTime(BigInt(Date.now()) * 1_000_000n),
    exclusive: mode === 'exclusive',
    hostname: hostname(),
    username,
    pid: process.pid,
    uid: Math.max(0, uid),
    gid: Math.max(0, gid),
  }
  return await repository.writeUnpacked('lock', encodeLock(lock))
}

async function removeLock(repository: Repository, id: Id): Promise<void> {
  try {
    await repository.backend.remove('lock', id)
  } catch (error) {
    if (!(error instanceof FileMissingError)) throw error
  }
}

function holdLock(repository: Repository, mode: LockMode, firstId: LockId): Lock {
  const lost = new AbortController()
  const { backend } = repository
  /** The newest last; older ones are there until they could be removed. */
  const ids = [firstId]
  let refreshedAt = Date.now()
  let refreshing: Promise<void> = Promise.resolve()

  async function refresh(): Promise<void> {
    try {
      await backend.size('lock', ids.at(-1)!)
    } catch (error) {
      if (!(error instanceof FileMissingError)) throw error
      giveUp(`the lock on ${backend.location} was removed by somebody else`, error)
      return
    }
    ids.push(await writeLock(repository, mode))
    refreshedAt = Date.now()
    while (ids.length > 1) {
      await removeLock(repository, ids[0]!)
      ids.shift()
    }
  }

  function giveUp(message: string, cause: unknown): void {
    lost.abort(
      new LockLostError(message, {
        hint: 'the operation was stopped before it could do harm; run it again',
        cause,
      }),
    )
  }

  function giveUpWhenLate(cause: unknown): void {
    if (Date.now() - refreshedAt < LOST_AFTER_MS) return
    giveUp(`the lock on ${backend.location} could not be refreshed in time`, cause)
  }

  // The wall clock decides, so that a machine that was suspended notices.
  const timer = setInterval(() => {
    giveUpWhenLate(undefined)
    if (!lost.signal.aborted) refreshing = refreshing.then(refresh).catch(giveUpWhenLate)
  }, REFRESH_MS)
  timer.unref()

  return {
    mode,
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await refreshing
      for (const id of ids) await removeLock(repository, id)
    },
  }
}

function describeHolder(lock: LockFile, nowMs: number): string {
  const minutes = Math.max(0, Math.round((nowMs - Number(parseTime(lock.time) / 1_000_000n)) / 60_000))
  const how = lock.exclusive ? 'exclusively ' : ''
  return `${how}by process ${lock.pid} of ${lock.username || 'an unknown user'} on ${lock.hostname}, ${minutes} min ago`
}
