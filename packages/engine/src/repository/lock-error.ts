import { KnownError } from '../errors.ts'
import { parseTime } from '../json/go-time.ts'
import type { LockFile } from './lock-file.ts'

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

function describeHolder(lock: LockFile, nowMs: number): string {
  const minutes = Math.max(0, Math.round((nowMs - Number(parseTime(lock.time) / 1_000_000n)) / 60_000))
  const how = lock.exclusive ? 'exclusively ' : ''
  return `${how}by process ${lock.pid} of ${lock.username || 'an unknown user'} on ${lock.hostname}, ${minutes} min ago`
}
