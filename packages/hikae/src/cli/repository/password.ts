import type { Environment, Io } from '../context.ts'
import { UsageError } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { readSecret, type SecretReference } from '../../secrets/secret.ts'
import { askSecret } from './prompt.ts'

/** Where a password comes from; it is read when the repository is opened. */
export type PasswordSource = { readonly kind: 'empty' } | { readonly kind: 'ask' } | SecretReference

export interface PasswordOptions {
  readonly insecureNoPassword: boolean
  readonly passwordFile: string | undefined
  readonly passwordCommand: string | undefined
}

/** The names of the options and variables, for messages: `--from-password-file` has its own. */
export interface PasswordNames {
  readonly option: string
  readonly variable: string
}

const OWN: PasswordNames = { option: 'password', variable: 'PASSWORD' }

/**
 * Options go before the environment, HIKAE_ before RESTIC_.
 *
 * @throws {UsageError} two options at once
 */
export function choosePasswordSource(
  options: PasswordOptions,
  env: Environment,
  names: PasswordNames = OWN,
): PasswordSource {
  const { insecureNoPassword, passwordFile, passwordCommand } = options
  const given = [insecureNoPassword, passwordFile !== undefined, passwordCommand !== undefined].filter(Boolean)
  if (given.length > 1) {
    throw new UsageError(
      `only one of --${names.option}-file, --${names.option}-command and --insecure-no-password can be used`,
    )
  }
  if (insecureNoPassword) return { kind: 'empty' }
  if (passwordFile !== undefined) return { kind: 'file', path: passwordFile }
  if (passwordCommand !== undefined) return shellCommand(passwordCommand)
  return sourceFromEnvironment(env, names.variable)
}

function sourceFromEnvironment(env: Environment, variable: string): PasswordSource {
  for (const prefix of ['HIKAE', 'RESTIC']) {
    const path = env[`${prefix}_${variable}_FILE`]
    if (path) return { kind: 'file', path }
    const commandLine = env[`${prefix}_${variable}_COMMAND`]
    if (commandLine) return shellCommand(commandLine)
    const password = env[`${prefix}_${variable}`]
    if (password) return { kind: 'literal', value: password }
  }
  return { kind: 'ask' }
}

/** Whether the command line itself says what the password is. */
export function hasPasswordOption({ passwordFile, passwordCommand, insecureNoPassword }: GlobalValues): boolean {
  return passwordFile.length > 0 || passwordCommand !== undefined || insecureNoPassword
}

/** One source per repository: one option serves all, or `--password-file` is there once for each, in the same order. */
export function passwordSources(globals: GlobalValues, repositories: number, env: Environment): PasswordSource[] {
  const { passwordFile, passwordCommand, insecureNoPassword } = globals
  if (passwordFile.length > 1 && passwordFile.length !== repositories) {
    throw new UsageError(`${passwordFile.length} password files for ${repositories} repositories`, {
      hint: 'give one for all, or one for each in the same order',
    })
  }
  return Array.from({ length: repositories }, (_, index) =>
    choosePasswordSource(
      {
        passwordFile: passwordFile.length > 1 ? passwordFile[index] : passwordFile[0],
        passwordCommand,
        insecureNoPassword,
      },
      env,
    ),
  )
}

/**
 * @param question what to ask on a terminal
 * @throws {UsageError} the password is empty and that was not asked for
 */
export async function readPassword(source: PasswordSource, question: string, io: Io): Promise<string> {
  if (source.kind === 'empty') return ''
  const password = await read(source, question, io)
  if (password !== '') return password
  throw new UsageError('the password is empty', {
    hint: 'if that is what you want, use --insecure-no-password; everybody can read such a repository',
  })
}

async function read(source: Exclude<PasswordSource, { kind: 'empty' }>, question: string, io: Io): Promise<string> {
  return source.kind === 'ask' ? askSecret(question, io) : readSecret(source, 'password', io)
}

function shellCommand(commandLine: string): SecretReference {
  return { kind: 'command', command: ['/bin/sh', '-c', commandLine] }
}

/** As {@link readPassword}, but for a password that is not in use yet: on a terminal it is typed twice. */
export async function readNewPassword(source: PasswordSource, question: string, io: Io): Promise<string> {
  const password = await readPassword(source, question, io)
  if (source.kind !== 'ask' || !io.stdin.isTTY) return password
  if ((await askSecret('and once more', io)) === password) return password
  throw new UsageError('the two passwords are not the same')
}
