import { BackendError } from '../backend.ts'
import { locationOf, type SftpOptions } from './options.ts'

interface Meaning {
  readonly says: RegExp
  readonly reason: string
  readonly hint: string
  readonly transient: boolean
}

/** What ssh2 and Node say when a connection cannot be made. */
const MEANINGS: readonly Meaning[] = [
  {
    says: /authentication methods failed|Too many authentication failures/,
    reason: 'the server does not let us in',
    hint: 'the public key has to be in the authorized_keys of the account on the server; name the key file or the agent, or use the password of the account',
    transient: false,
  },
  {
    says: /ENOTFOUND/,
    reason: 'no such server is known: its name could not be resolved',
    hint: "check the name of the server, or write its address; aliases of ~/.ssh/config are known to the system's ssh only",
    transient: false,
  },
  {
    says: /EAI_AGAIN/,
    reason: 'the name of the server cannot be looked up now',
    hint: 'check the network and the name servers',
    transient: true,
  },
  {
    says: /ECONNREFUSED/,
    reason: 'connection refused',
    hint: 'check that the SSH server runs, and the port',
    transient: true,
  },
  {
    says: /Unable to start subsystem/,
    reason: 'the server offers no SFTP',
    hint: 'enable `Subsystem sftp internal-sftp` in its sshd_config, or allow the account to use it',
    transient: false,
  },
  {
    says: /no matching/,
    reason: 'the server speaks none of the algorithms that the built-in client has',
    hint: "use the system's ssh: `-o sftp.client=system`",
    transient: false,
  },
  {
    says: /ETIMEDOUT|Timed out|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/,
    reason: 'the server cannot be reached',
    hint: 'check the name, the port and the network',
    transient: true,
  },
  {
    says: /ECONNRESET|EPIPE|onnection lost|onnection closed|ended the session|Channel open failure|Keepalive/,
    reason: 'the server ended the connection',
    hint: 'it may limit connections (MaxStartups, MaxSessions in its sshd_config, or a firewall); its log says more',
    transient: true,
  },
]

/**
 * Makes of an error of ssh2 what people should know and do.
 *
 * @param unusable keys that could not be tried
 */
export function explainBuiltin(options: SftpOptions, error: Error, unusable: readonly string[]): BackendError {
  const code = 'code' in error ? `${String(error.code)} ` : ''
  const said = `${code}${error.message}`
  const meaning = MEANINGS.find(({ says }) => says.test(said))
  const reason = meaning?.reason ?? error.message
  const untried = unusable.length > 0 && meaning?.transient === false ? `; not tried: ${unusable.join(', ')}` : ''
  return new BackendError(`cannot reach ${locationOf(options)}: ${reason}${untried}`, {
    hint: meaning?.hint ?? "try the system's ssh: `-o sftp.client=system`",
    transient: meaning?.transient ?? false,
    cause: error,
  })
}
