import type { Backend, Lock, LockMode, Repository, RetryEvent } from '@hikae/engine'
import type { DiskAccess } from '../../disks/guard.ts'
import type { CommandContext } from '../context.ts'
import { InputError, isKnownError } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { describeRemoval, describeWatch } from '../output/lock.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { openStorage } from '../../repositories/open-backend.ts'
import { cacheOptions, cleanUpCaches } from './cache.ts'
import { type ChosenRepository, chooseRepository, labelOf } from './choose.ts'
import { FirstAnswer } from './first-answer.ts'
import { readPassword } from './password.ts'

/** An open repository; disposing of it gives the lock back and closes it. */
export interface Session extends AsyncDisposable {
  readonly repository: Repository
  /** Absent when none was asked for, or needed. */
  readonly lock: Lock | undefined
  /** Aborts when the person wants to stop, and when the lock was lost. */
  readonly signal: AbortSignal
}

export interface Access {
  /**
   * `none` also leaves the index unloaded: for what reads only snapshots, keys and other files that are whole by
   * themselves. `shared` is for reading data and adding to it, `exclusive` for what nobody may see half done.
   */
  readonly lock: LockMode | 'none'
  /** A shared lock that only protects reading may be left out with `--no-lock`. */
  readonly readOnly?: boolean
  /** `unloaded` for what judges the index itself and must not fail because of it. */
  readonly index?: 'loaded' | 'unloaded'
  /** How long trouble that may pass is waited out; by default as long as the engine does, a quarter of an hour. */
  readonly patienceMs?: number
  /** How long storage may be silent before its first answer; by default as long as it takes. */
  readonly answersWithinMs?: number
  /** `none` for what must see the storage itself: it judges or repairs what is there. */
  readonly cache?: 'none'
}

/** Opens the one repository that the command line names. */
export async function openSession(globals: GlobalValues, context: CommandContext, access: Access): Promise<Session> {
  return openChosen(await chooseRepository(globals, context), globals, context, access)
}

/** Opens a repository as asked for: password, key, lock, index. */
export async function openChosen(
  chosen: ChosenRepository,
  globals: GlobalValues,
  context: CommandContext,
  access: Access,
): Promise<Session> {
  const { openRepository } = await import('@hikae/engine')
  const { keyHint } = globals
  const password = await readPassword(chosen.password, `password for ${labelOf(chosen)}`, context.io)
  await using opening = new AsyncDisposableStack()
  using answer = new FirstAnswer(context.signal, access.answersWithinMs)
  const { signal } = answer
  const backend = await openBackend(chosen, { ...context, signal }, { ...access, disk: diskAccess(access) })
  const cache = access.cache === 'none' ? undefined : cacheOptions(globals, context)
  const repository = opening.use(
    await openRepository(backend, {
      password,
      signal,
      ...(keyHint === undefined ? {} : { keyHint }),
      ...(cache === undefined ? {} : { cache }),
    }),
  )
  answer[Symbol.dispose]()
  if (globals.cleanupCache) await cleanUpCaches(globals, context)
  const { version, id } = repository.config
  context.out.detail(`opened repository ${shortId(id)}, version ${version}, at ${printableText(backend.location)}`)
  const lock = await prepare(repository, globals, context, access)
  if (lock) opening.use(lock)
  const owned = opening.move()
  return {
    repository,
    lock,
    signal: lock ? AbortSignal.any([context.signal, lock.signal]) : context.signal,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A full disk can still be read, and freed; one that is mounted read-only can be read. */
function diskAccess({ lock, readOnly = false }: Access): DiskAccess {
  if (readOnly || lock === 'none') return 'read'
  return lock === 'exclusive' ? 'change' : 'add'
}

async function prepare(
  repository: Repository,
  { noLock, retryLock }: GlobalValues,
  { signal, out }: CommandContext,
  { lock, readOnly = false, index = 'loaded' }: Access,
): Promise<Lock | undefined> {
  if (lock === 'none') return undefined
  if (noLock && readOnly) {
    if (index === 'loaded') await repository.loadIndex(signal)
    return undefined
  }
  const { acquireLock, lockAndLoad } = await import('@hikae/engine')
  const acquire = index === 'loaded' ? lockAndLoad : acquireLock
  try {
    return await acquire(repository, lock, {
      signal,
      retryForMs: retryLock ?? 0,
      onWait: ({ message }) => out.warn(`${message}; waiting`),
      onWatch: (held, forMs) => out.warn(describeWatch(held, forMs)),
      onStale: (removed, reason) => out.warn(describeRemoval(removed, reason)),
    })
  } catch (error) {
    throw readOnly ? withoutLockHint(error) : error
  }
}

/** On read-only media no lock can be written, and none is needed. */
function withoutLockHint(error: unknown): unknown {
  if (!isKnownError(error) || error.code !== 'BACKEND') return error
  return new InputError(error.message, {
    hint: 'if the repository cannot be written to, as on read-only media, add --no-lock',
    cause: error,
  })
}

/** The storage of a repository, with patience for trouble that passes. */
export async function openBackend(
  { location, settings }: Pick<ChosenRepository, 'location' | 'settings'>,
  { out, signal }: CommandContext,
  { patienceMs, disk = 'add' }: Pick<Access, 'patienceMs'> & { readonly disk?: DiskAccess } = {},
): Promise<Backend> {
  const { openWithRetry } = await import('@hikae/engine')
  const stuck = patienceMs === undefined ? {} : { stuckAfterMs: patienceMs }
  return openWithRetry(() => openStorage(location, { settings, access: disk, ...stuck, signal }), {
    signal,
    ...(patienceMs === undefined ? {} : { maxElapsedMs: patienceMs }),
    onRetry: (event) => tellRetry(event, out),
  })
}

function tellRetry({ error, delayMs }: RetryEvent, out: Output): void {
  out.warn(`${error.message}; trying again in ${Math.ceil(delayMs / 1000)} s`)
}
