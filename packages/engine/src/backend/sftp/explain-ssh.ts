import { BackendError } from '../backend.ts'
import { locationOf, type SftpOptions } from './options.ts'
import type { ChannelEnd } from './ssh-channel.ts'
import { changedHostKey, unknownHostKey } from './host-key-error.ts'

/** How a run of `ssh` ended. */
export interface SshRun {
  readonly program: string
  readonly exitCode: number | null
  readonly stderr: string
  readonly startError?: NodeJS.ErrnoException
}

interface Meaning {
  readonly says: RegExp
  readonly reason: string
  readonly hint: string
  readonly transient?: boolean
}

const UNREACHABLE = 'check the name, the port and the network; `ssh -v` by hand shows more'

/** What ssh prints (OpenSSH 8 to 10), the most telling first. */
const MEANINGS: readonly Meaning[] = [
  {
    says: /Too many authentication failures/,
    reason: 'the server has seen too many keys that it does not accept',
    hint: 'name the right key: with `IdentityFile` and `IdentitiesOnly yes` in ~/.ssh/config',
  },
  {
    says: /Permission denied \(/,
    reason: 'the server does not let us in',
    hint: 'the public key has to be in the authorized_keys of the account on the server, and `ssh` must get in without asking for anything',
  },
  {
    says: /Temporary failure in name resolution/,
    reason: 'the name of the server cannot be looked up now',
    hint: 'check the network and the name servers',
    transient: true,
  },
  {
    says: /Could not resolve hostname/,
    reason: 'no such server is known: its name could not be resolved',
    hint: 'check the name of the server, or write its address',
  },
  {
    says: /Connection refused/,
    reason: 'connection refused',
    hint: 'check that the SSH server runs, and the port',
    transient: true,
  },
  {
    says: /timed out|No route to host|Network is unreachable|Host is down/,
    reason: 'the server cannot be reached',
    hint: UNREACHABLE,
    transient: true,
  },
  {
    says: /subsystem request failed/,
    reason: 'the server offers no SFTP',
    hint: 'enable `Subsystem sftp internal-sftp` in its sshd_config, or allow the account to use it',
  },
  {
    says: /Bad configuration option|Bad owner or permissions|unknown option|illegal option|no argument after keyword/i,
    reason: 'ssh does not accept its options',
    hint: 'correct ~/.ssh/config or the arguments that were given for ssh',
  },
  {
    says: /Connection reset|Connection closed|closed by remote host|Broken pipe|kex_exchange_identification|open failed/,
    reason: 'the server ended the connection',
    hint: 'it may limit connections (MaxStartups, MaxSessions in its sshd_config, or a firewall); its log says more',
    transient: true,
  },
]

/** Makes of what ssh printed what people should know and do. */
export function explainSsh(options: SftpOptions, run: SshRun): ChannelEnd {
  const said = withoutChatter(run.stderr)
  return { reason: said, refusal: refusalOf(options, run, said) }
}

function refusalOf(options: SftpOptions, run: SshRun, said: string): BackendError {
  const location = locationOf(options)
  if (run.startError !== undefined) return notStarted(location, run.program, run.startError)
  if (/HOST IDENTIFICATION HAS CHANGED/.test(run.stderr)) {
    return changedHostKey(options, shownKey(run.stderr))
  }
  if (/Host key verification failed|host key is known for .* strict checking/.test(run.stderr)) {
    return unknownHostKey(options, shownKey(run.stderr))
  }
  const locked = lockedKey(run.stderr)
  if (locked !== undefined) return keyIsLocked(location, locked)
  const meaning = MEANINGS.find(({ says }) => says.test(said))
  const reason = meaning?.reason ?? `${run.program} ended with ${run.exitCode ?? 'a signal'}`
  return new BackendError(`cannot reach ${location}: ${reason}${said === '' ? '' : ` (${said})`}`, {
    hint: meaning?.hint ?? 'run the same command by hand to see what is wrong',
    transient: meaning?.transient ?? false,
  })
}

/** A key that the server would take, but that ssh could not use: it asks nobody, and so says nothing about passphrases. */
function lockedKey(stderr: string): string | undefined {
  if (!/Permission denied \(/.test(stderr)) return undefined
  return (
    /Server accepts key: (.+?) \S+ SHA256:/.exec(stderr)?.[1] ??
    /Load key "(.+?)": incorrect passphrase/.exec(stderr)?.[1]
  )
}

function keyIsLocked(location: string, path: string): BackendError {
  return new BackendError(
    `cannot reach ${location}: the key ${path} is protected by a passphrase, or its agent refused`,
    {
      hint: `load the key into an agent with \`ssh-add ${path}\`, or use a key without a passphrase that is allowed nothing but these backups`,
    },
  )
}

function notStarted(location: string, program: string, error: NodeJS.ErrnoException): BackendError {
  const isSsh = program === 'ssh' && error.code === 'ENOENT'
  return new BackendError(
    `cannot reach ${location}: ${isSsh ? 'ssh is not installed' : `${program} cannot be started: ${error.code}`}`,
    {
      hint: isSsh
        ? 'install it (Debian: openssh-client), or choose the built-in client with `-o sftp.client=builtin`'
        : 'check the command that was given for SFTP',
      cause: error,
    },
  )
}

/** `debug1: Server host key: ssh-ed25519 SHA256:…`: the last one, since jump hosts come first. */
function shownKey(stderr: string): { type: string; fingerprint: string } | undefined {
  const [type, fingerprint] = [...stderr.matchAll(/Server host key: (\S+) (SHA256:\S+)/g)].at(-1)?.slice(1) ?? []
  return type === undefined || fingerprint === undefined ? undefined : { type, fingerprint }
}

/** The last lines that mean something. */
function withoutChatter(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.replaceAll(/\p{Cc}/gu, '').trim())
  const telling = lines.filter((line) => line !== '' && !CHATTER.test(line))
  return telling.slice(-3).join('; ').slice(-500)
}

const CHATTER =
  /^debug\d:|^OpenSSH_|^Authenticated to |^Authenticated using |^Transferred: |^Bytes per second|^Warning: Permanently added/
