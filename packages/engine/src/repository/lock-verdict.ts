import { hostname } from 'node:os'
import { parseTime } from '../json/go-time.ts'
import type { LockFile } from './lock-file.ts'
import { isRunning, type LockOrigin, processExists } from './lock-origin.ts'

export const REFRESH_MS = 5 * 60 * 1000
/** A lock this old is stale for everybody (§13). */
export const STALE_AFTER_MS = 30 * 60 * 1000
/** In this time every holder that is well refreshes its lock, whatever the clocks show. */
export const WATCH_MS = REFRESH_MS + 30_000

/** Why a lock was taken for dead. */
export type StaleReason = 'process-ended' | 'machine-restarted' | 'not-refreshed'

/**
 * What can be said of a lock that was seen once: `overdue` is one that is dead if its file is still there after
 * {@link WATCH_MS}.
 */
export type LockVerdict = 'held' | 'overdue' | Extract<StaleReason, 'process-ended' | 'machine-restarted'>

export interface SeenLock {
  readonly lock: LockFile
  /** When the file was stored, by the clock of the storage; undefined where that cannot be known. */
  readonly storedAtMs: number | undefined
}

export interface Observer {
  readonly nowMs: number
  readonly origin: LockOrigin | undefined
}

/**
 * Whether the holder of a lock may be gone, by what it says of itself and by the clocks. The reasoning is in
 * docs/decisions/0006-stale-locks.md.
 */
export function judgeLock({ lock, storedAtMs }: SeenLock, { nowMs, origin: own }: Observer): LockVerdict {
  const { origin } = lock
  if (origin && own && origin.boot === own.boot && origin.namespaces === own.namespaces) {
    return isRunning(lock.pid, origin.started) ? 'held' : 'process-ended'
  }
  // The later of both: a holder whose clock is behind looks old, but the storage saw it just now.
  const ageMs = nowMs - Math.max(timeOf(lock), storedAtMs ?? Number.NEGATIVE_INFINITY)
  const isOfEarlierStart = origin?.machine !== undefined && origin.machine === own?.machine && origin.boot !== own.boot
  if (isOfEarlierStart && ageMs > WATCH_MS) return 'machine-restarted'
  return ageMs > STALE_AFTER_MS || (isOfEarlierStart && ageMs >= 0) ? 'overdue' : 'held'
}

/**
 * Whether `unlock` removes a lock, by restic's rule: nobody refreshed it for half an hour, or no process on the host of
 * that name has its number.
 */
export function isStale(lock: LockFile, nowMs: number = Date.now()): boolean {
  if (nowMs - timeOf(lock) > STALE_AFTER_MS) return true
  return lock.hostname === hostname() && lock.pid !== process.pid && !processExists(lock.pid)
}

function timeOf({ time }: LockFile): number {
  return Number(parseTime(time) / 1_000_000n)
}
