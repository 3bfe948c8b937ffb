import { setTimeout } from 'node:timers/promises'
import type { LockId } from '../ids.ts'
import { LockedError } from './lock-error.ts'
import type { LockFile } from './lock-file.ts'
import { holdLock, type Lock } from './lock-holding.ts'
import { ownOrigin } from './lock-origin.ts'
import { lockStoredAt, type LockMode, readLocks, removeLock, writeLock } from './lock-store.ts'
import { judgeLock, type LockVerdict, type StaleReason, WATCH_MS } from './lock-verdict.ts'
import type { Repository } from './repository.ts'

/** Time for other programs' locks to become visible before ours counts (§13). */
const SETTLE_MS = 200
/** How often a watched lock is looked at: it may go, or be refreshed. */
const WATCH_LOOK_MS = 10_000
const FIRST_RETRY_MS = 5000
const LONGEST_RETRY_MS = 60_000

export interface LockOptions {
  readonly signal?: AbortSignal
  /** How long to try again while somebody else holds a conflicting lock; 0 by default. */
  readonly retryForMs?: number
  readonly onWait?: (error: LockedError) => void
  /** Told of a lock that looks dead and stands in the way: it is watched for that long before it is removed. */
  readonly onWatch?: (lock: LockFile, forMs: number) => void
  /** Told of a dead lock that was removed. */
  readonly onStale?: (lock: LockFile, reason: StaleReason) => void
  /** For tests; rejects when the signal aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/**
 * Takes a lock as restic does (§13): look, write, wait a moment, look again. Locks whose holder is surely gone are removed
 * on the way; one that only looks dead, and stands in the way, is watched for five and a half minutes first.
 *
 * The program has to survive SIGHUP while it holds a lock: `restic unlock` sends it to see whether the holder lives.
 *
 * @throws {LockedError} a conflicting lock is held after the time to retry
 */
export async function acquireLock(repository: Repository, mode: LockMode, options: LockOptions = {}): Promise<Lock> {
  const deadline = Date.now() + (options.retryForMs ?? 0)
  for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 2, LONGEST_RETRY_MS)) {
    try {
      return await tryLock(repository, mode, options)
    } catch (error) {
      const left = deadline - Date.now()
      if (!(error instanceof LockedError) || left <= 0) throw error
      options.onWait?.(error)
      await pauseFor(Math.min(pause, left), options)
    }
  }
}

async function tryLock(repository: Repository, mode: LockMode, options: LockOptions): Promise<Lock> {
  await clearTheWay(repository, mode, options)
  const id = await writeLock(repository, mode)
  try {
    await pauseFor(SETTLE_MS, options)
    const others = await lookAtLocks(repository, options.signal, id)
    refuse(
      repository,
      others.find((lock) => isInTheWay(lock, mode)),
    )
  } catch (error) {
    await removeLock(repository, id)
    throw error
  }
  return holdLock(repository, mode, id)
}

/** Removes what is dead until nothing is in the way. @throws {LockedError} something is, and lives */
async function clearTheWay(repository: Repository, mode: LockMode, options: LockOptions): Promise<void> {
  let watched: ReadonlyMap<LockId, number> | undefined
  for (;;) {
    const left: LookedAtLock[] = []
    for (const seen of await lookAtLocks(repository, options.signal)) {
      const reason = reasonToRemove(seen, watched)
      if (reason === undefined || seen.lock === undefined) left.push(seen)
      else if (await removeLock(repository, seen.id)) options.onStale?.(seen.lock, reason)
    }
    const inTheWay = left.filter((lock) => isInTheWay(lock, mode))
    // What came while we watched was written just now, whatever its time says.
    const isHeld = ({ id, verdict }: LookedAtLock): boolean => verdict !== 'overdue' || watched?.has(id) === false
    refuse(repository, inTheWay.find(isHeld))
    if (inTheWay.length === 0) return
    watched ??= startWatching(inTheWay, options)
    await pauseFor(WATCH_LOOK_MS, options)
  }
}

/** @returns since when each lock is watched, by a clock that nobody sets */
function startWatching(locks: readonly LookedAtLock[], { onWatch }: LockOptions): ReadonlyMap<LockId, number> {
  for (const { lock } of locks) if (lock) onWatch?.(lock, WATCH_MS)
  return new Map(locks.map(({ id }) => [id, performance.now()]))
}

interface LookedAtLock {
  readonly id: LockId
  /** Undefined for one that cannot be read, which counts as held: nobody knows what it means. */
  readonly lock: LockFile | undefined
  readonly verdict: LockVerdict
}

async function lookAtLocks(
  repository: Repository,
  signal: AbortSignal | undefined,
  except?: LockId,
): Promise<LookedAtLock[]> {
  const found: LookedAtLock[] = []
  const observer = { nowMs: Date.now(), origin: ownOrigin() }
  for (const { id, lock } of await readLocks(repository, signal, except)) {
    const storedAtMs = lock && (await lockStoredAt(repository.backend, id))
    found.push({ id, lock, verdict: lock ? judgeLock({ lock, storedAtMs }, observer) : 'held' })
  }
  return found
}

function reasonToRemove({ id, verdict }: LookedAtLock, watched?: ReadonlyMap<LockId, number>): StaleReason | undefined {
  if (verdict === 'held') return undefined
  if (verdict !== 'overdue') return verdict
  // A refreshed lock is another file: one of this name has been silent for as long as it was watched.
  const since = watched?.get(id) ?? Number.POSITIVE_INFINITY
  return performance.now() - since >= WATCH_MS ? 'not-refreshed' : undefined
}

function isInTheWay({ lock }: LookedAtLock, mode: LockMode): boolean {
  return mode === 'exclusive' || lock === undefined || lock.exclusive
}

function refuse(repository: Repository, conflict: LookedAtLock | undefined): void {
  if (conflict) throw new LockedError(repository.backend.location, conflict.lock, Date.now())
}

async function pauseFor(ms: number, { signal, sleep }: LockOptions): Promise<void> {
  if (sleep) await sleep(ms, signal)
  else await setTimeout(ms, undefined, signal ? { signal } : {})
}
