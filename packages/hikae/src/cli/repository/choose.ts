import { readFile } from 'node:fs/promises'
import type { Stack } from '../../config/load.ts'
import type { StatedDomain } from '../../config/repository-schema.ts'
import { parseAddress } from '../../repositories/address/address.ts'
import type { BackendSettings } from '../../repositories/backend-settings.ts'
import { addressOf, type RepositoryLocation } from '../../repositories/location.ts'
import type { Environment } from '../context.ts'
import { errorMessage, UsageError } from '../../errors.ts'
import { openStack, type StackContext } from '../config/open-stack.ts'
import type { GlobalValues } from '../global-options.ts'
import { hasPasswordOption, passwordSources, type PasswordSource } from './password.ts'
import { backendSettings } from './settings.ts'

/** A repository that the command line or the stack file names. */
export interface ChosenRepository {
  /** In the stack file. */
  readonly name?: string
  readonly location: RepositoryLocation
  readonly password: PasswordSource
  readonly settings: BackendSettings
  /** What the stack file says about where it stands. */
  readonly domain: StatedDomain
}

/** What to call it in messages: its name, else its address. */
export function labelOf({ name, location }: Pick<ChosenRepository, 'name' | 'location'>): string {
  return name ?? addressOf(location)
}

/** Words that may be names in a stack file; addresses have a slash, a colon or a leading dot. */
const NAME = /^[a-z0-9][\w.-]*$/i

/**
 * The repositories of `--repo`, `--repository-file`, the environment or, when none of these is there, the stack file; at
 * least one, each once.
 *
 * @throws {UsageError} none or a senseless one is named @throws {ConfigError} the stack file makes no sense
 */
export async function chooseRepositories(globals: GlobalValues, context: StackContext): Promise<ChosenRepository[]> {
  const { env } = context
  const named = await repositoryNames(globals, env)
  const stack = named.every((name) => NAME.test(name)) ? await openStack(globals, context) : undefined
  const names = named.length > 0 ? named : Object.keys(stack?.config.repositories ?? {})
  if (names.length === 0) {
    throw new UsageError('no repository is named', {
      hint: 'add --repo /path/to/repository, set HIKAE_REPOSITORY, or name it in hikae.yaml',
    })
  }
  const sources = passwordSources(globals, names.length, env)
  const chosen: ChosenRepository[] = []
  for (const [index, name] of names.entries()) {
    chosen.push((await fromStack(name, stack, globals, env)) ?? fromAddress(name, sources[index]!, globals, env))
  }
  const addresses = chosen.map(({ location }) => addressOf(location))
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index)
  if (twice !== undefined) throw new UsageError(`the repository ${twice} is named twice`)
  return chosen
}

/** @throws {UsageError} several are named: most commands work on one */
export async function chooseRepository(globals: GlobalValues, context: StackContext): Promise<ChosenRepository> {
  const [first, ...others] = await chooseRepositories(globals, context)
  if (first && others.length === 0) return first
  const isGiven = globals.repo.length > 1
  throw new UsageError(`this command works on one repository, ${others.length + 1} are named`, {
    hint: isGiven ? 'run it once for each' : `add --repo ${first?.name ?? 'NAME'}`,
  })
}

/** All repositories of the stack file, whatever is named; none when there is no such file. */
export async function stackRepositories(globals: GlobalValues, context: StackContext): Promise<ChosenRepository[]> {
  const { env } = context
  const stack = await openStack(globals, context)
  const names = Object.keys(stack?.config.repositories ?? {})
  return (await Promise.all(names.map((name) => fromStack(name, stack, globals, env)))).filter(
    (chosen) => chosen !== undefined,
  )
}

/** One repository by its address, or by its name in the stack file. */
export async function chooseByName(
  name: string,
  password: PasswordSource,
  globals: GlobalValues,
  context: StackContext,
): Promise<ChosenRepository> {
  const { env } = context
  const stack = NAME.test(name) ? await openStack(globals, context) : undefined
  return (await fromStack(name, stack, globals, env)) ?? fromAddress(name, password, globals, env)
}

async function fromStack(
  name: string,
  stack: Stack | undefined,
  globals: GlobalValues,
  env: Environment,
): Promise<ChosenRepository | undefined> {
  if (stack === undefined) return undefined
  const { namedRepository } = await import('../../repositories/named-repository.ts')
  const found = namedRepository(stack, name)
  if (!found) return undefined
  const password = hasPasswordOption(globals) ? passwordSources(globals, 1, env)[0]! : found.password
  return { name, location: found.place, password, settings: backendSettings(globals, env, found), domain: found.domain }
}

function fromAddress(
  address: string,
  password: PasswordSource,
  globals: GlobalValues,
  env: Environment,
): ChosenRepository {
  return { location: parseAddress(address), password, settings: backendSettings(globals, env), domain: {} }
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
  return []
}

/** @throws {UsageError} it cannot be read */
export async function readRepositoryFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw new UsageError(`cannot read the repository file ${path}: ${errorMessage(error)}`, { cause: error })
  }
}
