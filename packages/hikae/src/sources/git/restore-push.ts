import { cp, mkdir } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { InputError, UsageError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext, RestorePlan } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { addressProblem, originOf } from './address.ts'
import { type BuiltRepository, buildRepository } from './build-repository.ts'
import type { GitConfig } from './config.ts'
import { factsOf } from './facts.ts'
import { GitError } from './git-error.ts'
import { lfsEndpoint } from './lfs/endpoint.ts'
import { objectPath } from './lfs/pointer.ts'
import { askForObjects, upload } from './lfs/transfer.ts'
import { listRemote } from './list-remote.ts'
import { shownRef } from './ref-list.ts'
import { openRemote, type Remote, remoteAt, type RemoteOptions } from './remote.ts'
import { runGit } from './run-git.ts'

/** How names of refs begin that servers make by themselves and let nobody push; and git itself pushes no stash. */
const NOT_PUSHED = [
  ...['refs/pull/', 'refs/merge-requests/', 'refs/pipelines/', 'refs/keep-around/', 'refs/changes/'],
  'refs/stash',
]
const SHOWN = 5

/** Into a repository that is there and empty; nothing on a server is overwritten. */
export async function planPush(
  address: string,
  config: GitConfig,
  point: SourcePoint,
  context: ReadContext,
  options: RemoteOptions,
): Promise<RestorePlan> {
  const { refs, lfs } = factsOf(point)
  const remote = await targetAt(address, config, context, options)
  await refuseOccupied(remote, context.signal)
  const origin = originOf(address)
  const isWithoutLogin = origin !== undefined && config.token !== undefined && remote.login === undefined
  return {
    steps: [
      `a repository with ${refs} refs is built in a scratch folder, each of its objects is read`,
      ...(isWithoutLogin ? [`no token is used: that of ${context.source} is not for ${origin}`] : []),
      ...(lfs.objects > 0 ? [`${lfs.objects} LFS objects are uploaded to ${remote.address}`] : []),
      `all refs are pushed to ${remote.address}, which is empty, and compared afterwards`,
    ],
    async apply(signal) {
      await refuseOccupied(remote, signal)
      const built = await buildRepository(point, await context.scratchFolder(), { env: context.env, signal })
      await giveLfs(built, remote, signal)
      const complaint = await push(built, remote, signal)
      return { place: remote.address, findings: await comparePushed(built, remote, complaint, signal) }
    },
  }
}

async function targetAt(
  address: string,
  config: GitConfig,
  context: ReadContext,
  options: RemoteOptions,
): Promise<Remote> {
  if (isAbsolute(address)) return await openRemote({ path: address }, context, options)
  const problem = addressProblem(address)
  if (problem === undefined) return await remoteAt(address, config, context, options)
  throw new UsageError(`cannot push there: ${problem}`, {
    hint: 'write --to push:https://host/name.git, push:git@host:name.git, or push: and the full path of a bare repository',
  })
}

async function refuseOccupied(remote: Remote, signal: AbortSignal): Promise<void> {
  const { refs } = await listRemote(remote, signal)
  if (refs.size === 0) return
  throw new InputError(`${remote.address} is not empty: it has ${refs.size} refs, ${shown([...refs.keys()])}`, {
    hint: 'make a new, empty repository there and push to that, or restore with --to FOLDER and push by hand what you need',
  })
}

/** @returns git's complaint when some refs were refused: which, is seen by comparing */
async function push(built: BuiltRepository, remote: Remote, signal: AbortSignal): Promise<GitError | undefined> {
  if (built.list.refs.size === 0) return undefined
  const { address, env, hidden, local } = remote
  const options = local ? ['--receive-pack', "git -c 'safe.directory=*' receive-pack"] : []
  const leftOut = NOT_PUSHED.map((prefix) => `^${prefix}*`)
  try {
    await runGit(
      ['push', '--quiet', '--porcelain', '--no-verify', ...options, '--', address, '+refs/*:refs/*', ...leftOut],
      { repository: built.path, env, signal, task: `push to ${address}`, hidden },
    )
    return undefined
  } catch (error) {
    if (!(error instanceof GitError) || signal.aborted) throw error
    return error
  }
}

/** @throws what git complained of, when nothing arrived */
async function comparePushed(
  { list }: BuiltRepository,
  remote: Remote,
  complaint: GitError | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const there = await listRemote(remote, signal)
  if (complaint !== undefined && there.refs.size === 0) throw complaint
  const missing = [...list.refs].filter(([name, object]) => there.refs.get(name) !== object).map(([name]) => name)
  const isLeftOut = (name: string): boolean => NOT_PUSHED.some((prefix) => name.startsWith(prefix))
  const { refused = [], unasked = [] } = Object.groupBy(missing, (name) => (isLeftOut(name) ? 'unasked' : 'refused'))
  const findings: Finding[] = []
  if (refused.length > 0) {
    findings.push({
      severity: 'error',
      message: `${remote.address} did not take ${refused.length} of ${list.refs.size} refs: ${shown(refused)}${complaint ? ` (${complaint.message})` : ''}`,
      hint: 'lift the protection of these branches there, restore with --to FOLDER, and push them by hand',
    })
  }
  if (unasked.length > 0) {
    findings.push({
      severity: 'warning',
      message: `${unasked.length} refs were not pushed, because servers do not take such: ${shown(unasked)}`,
      hint: 'restore with --to FOLDER to have them',
    })
  }
  const { head } = list
  const isSameHead = there.hasHead && 'branch' in there.head && 'branch' in head && there.head.branch === head.branch
  if (!isSameHead && 'branch' in head && list.refs.has(head.branch)) {
    findings.push({
      severity: 'warning',
      message: `the default branch was ${shownRef(head.branch)}, and is another one on ${remote.address}`,
      hint: 'choose the default branch in the settings of the repository there',
    })
  }
  return findings
}

/** Before the refs, because servers refuse pointers to what they do not have. */
async function giveLfs({ path, lfs }: BuiltRepository, remote: Remote, signal: AbortSignal): Promise<void> {
  if (lfs.length === 0) return
  const fileOf = (oid: string): string => join(path, 'lfs/objects', objectPath(oid))
  if (remote.local) {
    for (const { oid } of lfs) {
      const target = join(remote.local.commonFolder, 'lfs/objects', objectPath(oid))
      await mkdir(dirname(target), { recursive: true })
      await cp(fileOf(oid), target)
    }
    return
  }
  const endpoint = await lfsEndpoint(remote, 'upload', signal)
  for await (const { object, actions, problem } of askForObjects(endpoint, 'upload', lfs, signal)) {
    if (problem !== undefined) {
      throw new GitError(`${remote.address} does not take LFS object ${object.oid}: ${problem}`, {
        hint: 'switch Git LFS on for the repository there, and look at its quota',
      })
    }
    await upload(object, actions, fileOf(object.oid), signal)
  }
}

function shown(names: readonly string[]): string {
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ''
  return `${names.slice(0, SHOWN).map(shownRef).join(', ')}${more}`
}
