import { removeIfPresent } from '../backend/remove-if-present.ts'
import { stat } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { type Backend, FileMissingError } from '../backend/backend.ts'
import { mapConcurrently } from '../concurrency.ts'
import { DamagedError } from '../errors.ts'
import type { LockId } from '../ids.ts'
import { formatTime } from '../json/go-time.ts'
import { decodeLock, encodeLock, type LockFile } from './lock-file.ts'
import { ownOrigin } from './lock-origin.ts'
import type { Repository } from './repository.ts'

export type LockMode = 'shared' | 'exclusive'

/** Every lock there is but one; `lock` is undefined for one that cannot be read. Empty files are not locks. */
export async function readLocks(
  repository: Repository,
  signal?: AbortSignal,
  except?: LockId,
): Promise<{ id: LockId; lock: LockFile | undefined }[]> {
  const stored = await repository.listIds('lock', signal)
  const found = await mapConcurrently(
    stored.filter(({ id, size }) => size > 0 && id !== except),
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

/**
 * When a lock was stored, by the clock of the storage: epoch milliseconds. Undefined where the storage does not tell, or
 * the lock has gone.
 */
export async function lockStoredAt(backend: Backend, id: LockId): Promise<number | undefined> {
  const path = backend.localPath?.('lock', id)
  if (path === undefined) return undefined
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return undefined
  }
}

/** Stores a lock of this process, as of now. */
export async function writeLock(repository: Repository, mode: LockMode): Promise<LockId> {
  const { username, uid, gid } = owner()
  const origin = ownOrigin()
  const lock: LockFile = {
    time: formatTime(BigInt(Date.now()) * 1_000_000n),
    exclusive: mode === 'exclusive',
    hostname: hostname(),
    username,
    pid: process.pid,
    uid: Math.max(0, uid),
    gid: Math.max(0, gid),
    ...(origin ? { origin } : {}),
  }
  return await repository.writeUnpacked('lock', encodeLock(lock))
}

/** @returns false when it was gone already */
export async function removeLock(repository: Repository, id: LockId): Promise<boolean> {
  return await removeIfPresent(repository.backend, 'lock', id)
}

/** A container may run as a user that no one has named. */
function owner(): { username: string; uid: number; gid: number } {
  try {
    return userInfo()
  } catch {
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
    return { username: String(uid), uid, gid }
  }
}
