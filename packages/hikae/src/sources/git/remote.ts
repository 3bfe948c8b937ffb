import { access, constants } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorMessage, InputError } from '../../errors.ts'
import { readSecret } from '../../secrets/secret.ts'
import type { SourceContext } from '../source-kind.ts'
import { originOf } from './address.ts'
import type { GitConfig } from './config.ts'
import { gitEnvironment, type GitEnvironment } from './git-environment.ts'
import { findLocalRepository, type LocalRepository } from './local-repository.ts'

/** The other side of a fetch or push. */
export interface Remote {
  /** For git and for people: without secrets. */
  readonly address: string
  readonly env: GitEnvironment
  /** Arguments of commands that read from it. */
  readonly options: readonly string[]
  readonly hidden: readonly string[]
  /** What a web server asks for; it is for this origin alone. */
  readonly login?: Login
  /** Set for an address over ssh: what a shell runs to get there. */
  readonly ssh?: string
  /** Set when it is on this machine. */
  readonly local?: LocalRepository
}

export interface Login {
  readonly origin: string
  readonly username: string
  readonly token: string
}

export interface RemoteOptions {
  readonly stallSeconds?: number
}

/** The repository that a source names. @throws {InputError} a secret, key or folder is not there */
export async function openRemote(
  config: GitConfig,
  context: SourceContext,
  options: RemoteOptions = {},
): Promise<Remote> {
  if (config.url !== undefined) return await remoteAt(config.url, config, context, options)
  const path = resolve(context.folder, config.path!)
  const local = await findLocalRepository(path)
  return {
    address: path,
    env: gitEnvironment(context.env, { protocols: ['file'] }),
    // The owner of the folder may be somebody else: saving it is not trusting it.
    options: ['--upload-pack', "git -c 'safe.directory=*' upload-pack"],
    hidden: [],
    local,
  }
}

/** @param url whose server need not be the source's: it is given the source's token only if it is */
export async function remoteAt(
  url: string,
  config: GitConfig,
  context: SourceContext,
  { stallSeconds }: RemoteOptions = {},
): Promise<Remote> {
  const patience = stallSeconds === undefined ? {} : { stallSeconds }
  const origin = originOf(url)
  if (origin === undefined) {
    const ssh = await sshCommand(config, context)
    const variables = { GIT_SSH_COMMAND: ssh, GIT_SSH_VARIANT: 'ssh' }
    return {
      address: url,
      env: gitEnvironment(context.env, { protocols: ['ssh'], variables }),
      options: [],
      hidden: [],
      ssh,
    }
  }
  const login = await loginFor(origin, config, context)
  const env = gitEnvironment(context.env, {
    protocols: ['https', 'http'],
    ...patience,
    ...(login ? credentials(login) : {}),
  })
  return { address: url, env, options: [], ...(login ? { login, hidden: hiddenOf(login) } : { hidden: [] }) }
}

async function loginFor(origin: string, config: GitConfig, context: SourceContext): Promise<Login | undefined> {
  const { url, token, username = 'x-access-token' } = config
  if (token === undefined || url === undefined || originOf(url) !== origin) return undefined
  const secret = await readSecret(token, `token of ${context.source}`, context)
  if (/\p{Cc}/u.test(secret)) {
    throw new InputError(`the token of ${context.source} is more than one line`, {
      hint: 'the file or program that it comes from has to give the token alone',
    })
  }
  return { origin, username, token: secret }
}

/** Git asks this only for this origin, also when the server points elsewhere; `printf` is the shell's own. */
function credentials({ origin, username, token }: Login): {
  settings: [string, string][]
  variables: Record<string, string>
} {
  const answer = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$HIKAE_GIT_USERNAME" "$HIKAE_GIT_TOKEN"; }; f`
  return {
    settings: [[`credential.${origin}.helper`, answer]],
    variables: { HIKAE_GIT_USERNAME: username, HIKAE_GIT_TOKEN: token },
  }
}

function hiddenOf({ username, token }: Login): string[] {
  return [token, encodeURIComponent(token), Buffer.from(`${username}:${token}`).toString('base64')]
}

/** Ssh that asks nothing, and notices when the server has gone. */
async function sshCommand({ sshKey }: GitConfig, { folder, source }: SourceContext): Promise<string> {
  const base = 'ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 -o ServerAliveCountMax=4'
  if (sshKey === undefined) return base
  const file = resolve(folder, sshKey.file)
  try {
    await access(file, constants.R_OK)
  } catch (error) {
    throw new InputError(`cannot read the ssh key of ${source}, ${file}: ${errorMessage(error)}`, {
      hint: 'look at sshKey.file; the user that runs hikae has to own the file, with mode 0600',
      cause: error,
    })
  }
  return `${base} -o IdentitiesOnly=yes -i ${quoted(file)}`
}

/** One word for a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
