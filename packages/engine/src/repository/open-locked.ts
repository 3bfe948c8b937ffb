import type { Lock } from './lock-holding.ts'
import type { LockMode } from './lock-store.ts'
import { acquireLock, type LockOptions } from './lock.ts'
import type { Repository } from './repository.ts'

/**
 * Takes a lock and loads the index, the one while the other waits. What changed between the two is loaded once more,
 * since only from the confirmed lock on nothing is removed (§25.5).
 */
export async function lockAndLoad(repository: Repository, mode: LockMode, options: LockOptions = {}): Promise<Lock> {
  const loading = repository.loadIndex(options.signal).then(
    () => undefined,
    (error: unknown) => error,
  )
  const lock = await acquireLock(repository, mode, options)
  try {
    await loading
    await repository.loadIndex(options.signal)
    return lock
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}
