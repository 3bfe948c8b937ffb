import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../errors.ts'
import type { ReadContext } from '../source-kind.ts'
import { DamagedRepositoryError, examineObjects } from './fsck.ts'
import { gitEnvironment } from './git-environment.ts'
import { GitError } from './git-error.ts'
import { listRemote, type RemoteListing } from './list-remote.ts'
import { DETACHED, formatHead, readRefs, type RefList, refsDigest, shownRef } from './ref-list.ts'
import type { Remote } from './remote.ts'
import { runGit } from './run-git.ts'

/** In a mirror: whose it is, and of which refs the objects were found whole. */
const ORIGIN = 'hikae-origin'
const WHOLE = 'hikae-whole'

/** A bare repository with everything that the remote shows. */
export interface Mirror {
  readonly path: string
  readonly list: RefList
  /** What it had before; undefined when it was made now. */
  readonly previous?: RefList
  /** How many objects there are that today's git would not make. */
  readonly complaints: number
}

/**
 * Brings the mirror to where the remote is, and proves that it is whole. A mirror that is damaged, or of another remote, is
 * made anew.
 *
 * @throws {GitError} the remote refuses, breaks off, or is damaged itself
 */
export async function updateMirror(
  path: string,
  remote: Remote,
  listing: RemoteListing,
  context: ReadContext,
): Promise<Mirror> {
  const origin = `${listing.format} ${remote.address}\n`
  if (await belongsTo(path, origin)) {
    try {
      return await refreshed(path, remote, listing, context)
    } catch (error) {
      context.signal.throwIfAborted()
      const damage = await damageOf(path, error, context)
      if (damage === undefined) throw error
      context.log(`the mirror of ${remote.address} cannot be used and is made anew: ${damage}`)
    }
  }
  await makeMirror(path, origin, listing, context)
  const { previous: _, ...mirror } = await refreshed(path, remote, listing, context)
  return mirror
}

async function refreshed(path: string, remote: Remote, listing: RemoteListing, context: ReadContext): Promise<Mirror> {
  await removeLocks(path)
  const call = { repository: path, env: gitEnvironment(context.env), signal: context.signal }
  const previous = await readRefs(call)
  await fetchAll(path, remote, listing, context.signal)
  const list = await readRefs(call)
  await refuseMissing(list, remote, listing, context.signal)
  return { path, list, previous, complaints: await proveWhole(path, list, remote, context) }
}

async function fetchAll(path: string, remote: Remote, listing: RemoteListing, signal: AbortSignal): Promise<void> {
  const { address, env, options, hidden } = remote
  const isDetached = 'object' in listing.head && listing.hasHead
  await runGit(
    [
      ...['fetch', '--quiet', '--prune', '--force', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'],
      ...['--no-show-forced-updates', ...options, '--', address, '+refs/*:refs/*'],
      ...(isDetached ? [`+HEAD:${DETACHED}`] : []),
    ],
    { repository: path, env, signal, task: `fetch ${address}`, hidden },
  )
  // It may have moved since it was listed.
  const head = isDetached
    ? await runGit(['rev-parse', DETACHED], { repository: path, env, signal, task: 'find HEAD in a mirror' })
    : formatHead(listing)
  await writeFile(join(path, 'HEAD'), head, 'latin1')
}

/**
 * Git leaves out what it cannot take, such as refs of a shallow clone, and calls it a success. A ref that changed while it
 * was fetched is asked for again.
 */
async function refuseMissing(
  list: RefList,
  remote: Remote,
  listing: RemoteListing,
  signal: AbortSignal,
): Promise<void> {
  const isMissing = ([name, object]: readonly [string, string]): boolean => list.refs.get(name) !== object
  if (![...listing.refs].some(isMissing)) return
  const now = await listRemote(remote, signal)
  const missing = [...now.refs].filter((ref) => isMissing(ref) && listing.refs.get(ref[0]) === ref[1])
  const [first] = missing
  if (first === undefined) return
  throw new GitError(
    `${remote.address} shows ${shownRef(first[0])} and does not give it (${missing.length} such refs)`,
    {
      hint: 'if it is a shallow clone, run `git fetch --unshallow` in it, or back up the repository it was cloned from',
    },
  )
}

/** Once for the same refs: a repository at rest is not read again. */
async function proveWhole(path: string, list: RefList, remote: Remote, context: ReadContext): Promise<number> {
  const digest = refsDigest(list)
  const known = await readFile(join(path, WHOLE), 'utf8').catch(undefinedIfAbsent)
  const [whole, count] = known?.trimEnd().split(' ') ?? []
  if (whole === digest) return Number(count)
  const { complaints } = await examineObjects(path, `what ${remote.address} gave`, {
    env: gitEnvironment(context.env),
    signal: context.signal,
  })
  await writeFile(join(path, WHOLE), `${digest} ${complaints}\n`)
  return complaints
}

async function belongsTo(path: string, origin: string): Promise<boolean> {
  return (await readFile(join(path, ORIGIN), 'utf8').catch(undefinedIfAbsent)) === origin
}

async function makeMirror(path: string, origin: string, listing: RemoteListing, context: ReadContext): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true, mode: 0o700 })
  const format = `--object-format=${listing.format}`
  const { env, signal } = context
  await runGit(['init', '--quiet', '--bare', '--template=', format, '--', path], {
    env: gitEnvironment(env),
    signal,
    task: 'make a mirror',
  })
  await writeFile(join(path, ORIGIN), origin)
}

/** @returns what is wrong with the mirror itself; undefined when it is the remote that failed */
async function damageOf(path: string, error: unknown, context: ReadContext): Promise<string | undefined> {
  if (error instanceof DamagedRepositoryError) return error.message
  try {
    await examineObjects(path, 'the mirror', { env: gitEnvironment(context.env), signal: context.signal })
    return undefined
  } catch (damage) {
    context.signal.throwIfAborted()
    return damage instanceof GitError ? damage.message : String(damage)
  }
}

/** Of a git that was killed. Nobody else uses the mirror. */
async function removeLocks(path: string): Promise<void> {
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const isObject = entry.parentPath.startsWith(join(path, 'objects'))
    const isLeft = entry.name.endsWith('.lock') || (isObject && /^(?:\.?tmp[-_])/.test(entry.name))
    if (entry.isFile() && isLeft) await rm(join(entry.parentPath, entry.name), { force: true })
  }
}

function undefinedIfAbsent(error: unknown): undefined {
  if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
  throw error
}
