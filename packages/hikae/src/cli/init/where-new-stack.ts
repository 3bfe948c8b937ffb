import { findStackFile } from '../../config/find.ts'
import type { Environment } from '../../environment.ts'
import { isThere } from '../../is-there.ts'
import type { GlobalValues } from '../global-options.ts'

/** Where a new stack file goes, or what there is already that names repositories. */
export async function whereNewStack(
  { repo, repositoryFile, config }: Pick<GlobalValues, 'repo' | 'repositoryFile' | 'config'>,
  env: Environment,
): Promise<{ readonly stackFile: string } | { readonly existing: string }> {
  if (repo.length > 0) return { existing: '--repo' }
  if (repositoryFile !== undefined) return { existing: '--repository-file' }
  for (const prefix of ['HIKAE', 'RESTIC']) {
    const set = [`${prefix}_REPOSITORY`, `${prefix}_REPOSITORY_FILE`].find((name) => env[name])
    if (set !== undefined) return { existing: `${set} in the environment` }
  }
  const found = await findStackFile(config, env)
  if (found === undefined) return { stackFile: 'hikae.yaml' }
  return (await isThere(found)) ? { existing: `the stack file ${found}` } : { stackFile: found }
}
