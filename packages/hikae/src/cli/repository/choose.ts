import { readFile } from 'node:fs/promises'
import type { Environment } from '../context.ts'
import { errorMessage, UsageError } from '../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { type LocalLocation, parseLocation } from './location.ts'
import { passwordSources, type PasswordSource } from './password.ts'

/** A repository that the command line names. */
export interface ChosenRepository {
  readonly location: LocalLocation
  readonly password: PasswordSource
}

/**
 * The repositories of `--repo`, `--repository-file` or the environment, at least one, each once.
 *
 * @throws {UsageError} none or a senseless one is named
 */
export async function chooseRepositories(globals: GlobalValues, env: Environment): Promise<ChosenRepository[]> {
  const locations = (await repositoryNames(globals, env)).map((name) => parseLocation(name))
  const sources = passwordSources(globals, locations.length, env)
  const twice = locations.find(({ path }, index) => locations.findIndex((other) => other.path === path) !== index)
  if (twice) throw new UsageError(`the repository ${twice.path} is named twice`)
  return locations.map((location, index) => ({ location, password: sources[index]! }))
}

/** @throws {UsageError} several are named: most commands work on one */
export async function chooseRepository(globals: GlobalValues, env: Environment): Promise<ChosenRepository> {
  const [first, ...others] = await chooseRepositories(globals, env)
  if (first && others.length === 0) return first
  throw new UsageError(`this command works on one repository, ${others.length + 1} are named`, {
    hint: 'run it once for each',
  })
}

async function repositoryNames({ repo, repositoryFile }: GlobalValues, env: Environment): Promise<readonly string[]> {
  if (repo.length > 0 && repositoryFile !== undefined) {
    throw new UsageError('only one of --repo and --repository-file can be used')
  }
  if (repo.length > 0) return repo
  if (repositoryFile !== undefined) return [await readRepositoryFile(repositoryFile)]
  for (const prefix of ['HIKAE', 'RESTIC']) {
    const name = env[`${prefix}_REPOSITORY`]
    if (name) return [name]
    const file = env[`${prefix}_REPOSITORY_FILE`]
    if (file) return [await readRepositoryFile(file)]
  }
  throw new UsageError('no repository is named', {
    hint: 'add --repo /path/to/repository, or set HIKAE_REPOSITORY',
  })
}

/** @throws {UsageError} it cannot be read */
export async function readRepositoryFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`cannot read the repository file ${path}: ${errorMessage(error)}`, { cause: error })
  }
}
