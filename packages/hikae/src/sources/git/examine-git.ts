import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isKnownError, systemCode } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { GitConfig } from './config.ts'
import { gitEnvironment } from './git-environment.ts'
import { listRemote } from './list-remote.ts'
import { openRemote, type Remote, type RemoteOptions } from './remote.ts'
import { runGit } from './run-git.ts'

/** Asks the remote for its refs, with the credentials of the source. */
export async function examineGit(
  config: GitConfig,
  context: SourceContext,
  options: RemoteOptions,
): Promise<readonly Finding[]> {
  const { env, signal } = context
  try {
    await runGit(['version'], { env: gitEnvironment(env), signal, task: 'look for git' })
    const remote = await openRemote(config, context, options)
    await listRemote(remote, signal)
    return await localFindings(remote)
  } catch (error) {
    signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    return [{ severity: 'error', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }]
  }
}

async function localFindings({ local, address }: Remote): Promise<Finding[]> {
  if (local === undefined) return []
  const findings: Finding[] = []
  if ((await textOf(join(local.commonFolder, 'shallow'))) !== '') {
    findings.push({
      severity: 'error',
      message: `${address} is a shallow clone: its older history is not there`,
      hint: 'run `git fetch --unshallow` in it, or back up the repository that it was cloned from',
    })
  }
  const stashes = (await textOf(join(local.commonFolder, 'logs/refs/stash'))).split('\n').length - 1
  if (stashes > 1) {
    findings.push({
      severity: 'warning',
      message: `${address} has ${stashes} stashes, and only the newest is saved`,
      hint: 'make branches of those that matter with `git stash branch NAME`',
    })
  }
  const config = await textOf(join(local.commonFolder, 'config'))
  if (/\w+:\/\/[^\s/@:]*:[^\s/@]+@|extraheader\s*=/i.test(config)) {
    findings.push({
      severity: 'warning',
      message: `the configuration of ${address} holds a password or token, which goes into the backup with it`,
      hint: 'give git a credential helper instead, and take the password out of the address',
    })
  }
  return findings
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return ''
    throw error
  }
}
