import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GitError } from './git-error.ts'
import type { RefList } from './ref-list.ts'
import type { Remote } from './remote.ts'
import { runGit } from './run-git.ts'

/** What a server shows before anything is fetched. */
export interface RemoteListing extends RefList {
  /** How it names objects. */
  readonly format: 'sha1' | 'sha256'
  /** HEAD is a branch or object that is there. */
  readonly hasHead: boolean
}

/** @throws {GitError} it cannot be reached, or refuses */
export async function listRemote(remote: Remote, signal: AbortSignal): Promise<RemoteListing> {
  const { address, env, options, hidden } = remote
  const task = `reach ${address}`
  const printed = await runGit(['ls-remote', '--symref', '--quiet', ...options, '--', address], {
    env,
    signal,
    task,
    hidden,
  })
  const refs = new Map<string, string>()
  let branch: string | undefined
  for (const line of printed.split('\n')) {
    const [value = '', name = ''] = line.split('\t')
    if (name === 'HEAD' && value.startsWith('ref: ')) branch = value.slice('ref: '.length)
    else if (name !== '' && !name.endsWith('^{}')) refs.set(name, value)
  }
  const object = refs.get('HEAD')
  refs.delete('HEAD')
  return {
    refs,
    head:
      branch === undefined && object !== undefined ? { object } : { branch: branch ?? (await unbornBranch(remote)) },
    hasHead: object !== undefined,
    format: formatOf(object ?? refs.values().next().value, address),
  }
}

/** A server does not tell on which branch HEAD is when there is nothing on it. */
async function unbornBranch({ local }: Remote): Promise<string> {
  const head = local === undefined ? '' : await readFile(join(local.gitFolder, 'HEAD'), 'latin1')
  const [, branch = ''] = /^ref: (refs\/heads\/[^\n]+)\n$/.exec(head) ?? []
  // A repository whose refs are in another form has a placeholder here.
  return branch === '' || branch === 'refs/heads/.invalid' ? 'refs/heads/main' : branch
}

function formatOf(object: string | undefined, address: string): 'sha1' | 'sha256' {
  if (object === undefined || object.length === 40) return 'sha1'
  if (object.length === 64) return 'sha256'
  throw new GitError(`${address} names objects in a way that is not known`, { hint: 'update git and hikae' })
}
