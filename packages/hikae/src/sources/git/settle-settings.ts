import { join } from 'node:path'
import type { BuiltRepository } from './build-repository.ts'
import type { GitEnvironment } from './git-environment.ts'
import { runGit } from './run-git.ts'
import { putSettings } from './settings.ts'

/** What a configuration says of the old place, and is wrong in the new one. */
const OF_THE_OLD_PLACE = ['core.worktree', 'extensions.refstorage']

/** Gives a new repository the settings that were saved, made fit for its shape. Its hooks are live from now on. */
export async function settleSettings(
  repository: string,
  { settings, facts }: BuiltRepository,
  { env, signal }: { readonly env: GitEnvironment; readonly signal: AbortSignal },
): Promise<void> {
  await putSettings(settings, repository)
  const file = join(repository, 'config')
  const call = { env, signal, task: 'write the configuration of a repository' }
  const present = await runGit(['config', '--file', file, '--null', '--name-only', '--list'], call)
  const names = new Set(present.split('\0').map((name) => name.toLowerCase()))
  for (const name of OF_THE_OLD_PLACE.filter((name) => names.has(name))) {
    await runGit(['config', '--file', file, '--unset-all', name], call)
  }
  await runGit(['config', '--file', file, 'core.bare', String(facts.shape === 'bare')], call)
}
