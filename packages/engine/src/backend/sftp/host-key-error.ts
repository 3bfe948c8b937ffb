import { BackendError } from '../backend.ts'
import { locationOf, type SftpOptions } from './options.ts'

/** The key that a server showed. */
export interface ShownKey {
  /** For instance `ssh-ed25519`. */
  readonly type: string
  /** `SHA256:…`, as ssh prints it. */
  readonly fingerprint: string
}

/** Nothing is known about the server: people have to look once. */
export function unknownHostKey(options: SftpOptions, key: ShownKey | undefined): BackendError {
  const shown = key === undefined ? '' : ` (${key.type} ${key.fingerprint})`
  return new BackendError(
    `the host key of ${serverOf(options)}${shown} is not in known_hosts, so ${locationOf(options)} is not used`,
    {
      hint: `on the server, \`ssh-keygen -lf /etc/ssh/ssh_host_${algorithmOf(key)}_key.pub\` must print the same fingerprint; then add the key: \`${scanCommand(options, key)}\``,
    },
  )
}

/** The server is known with other keys: it was set up anew, or somebody is in between. */
export function changedHostKey(options: SftpOptions, key: ShownKey | undefined): BackendError {
  const shown = key === undefined ? '' : ` now shows ${key.type} ${key.fingerprint}, and`
  return new BackendError(
    `THE HOST KEY OF ${serverOf(options)} HAS CHANGED: the server${shown} is not the one in known_hosts; somebody may be listening in between, so ${locationOf(options)} is not used`,
    {
      hint: `only if you know why the key is new: remove the old one with \`ssh-keygen -R '${knownName(options)}' -f ${knownHostsFile(options)}\`, and add the new one as for a new server`,
    },
  )
}

/** How known_hosts calls a server. */
export function knownName({ host, port }: SftpOptions): string {
  return port === undefined || port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

function serverOf({ host, port }: SftpOptions): string {
  return port === undefined ? host : `${host} port ${port}`
}

function scanCommand(options: SftpOptions, key: ShownKey | undefined): string {
  const port = options.port === undefined ? '' : ` -p ${options.port}`
  return `ssh-keyscan -t ${algorithmOf(key)}${port} ${options.host} >> ${knownHostsFile(options)}`
}

function knownHostsFile({ knownHostsFiles }: SftpOptions): string {
  return knownHostsFiles?.[0] ?? '~/.ssh/known_hosts'
}

/** As ssh-keyscan and the files in /etc/ssh call it. */
function algorithmOf(key: ShownKey | undefined): string {
  if (key === undefined) return 'ed25519'
  if (key.type.startsWith('ecdsa')) return 'ecdsa'
  return key.type.includes('rsa') ? 'rsa' : key.type.replace(/^ssh-/, '')
}
