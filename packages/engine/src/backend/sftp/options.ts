import type { Bandwidth } from '../bandwidth.ts'

/** `system` runs the machine's `ssh`, `builtin` speaks SSH itself. */
export type SftpClient = 'system' | 'builtin'

export interface SftpOptions {
  /** Name or address; `system` also takes an alias from `~/.ssh/config`. */
  readonly host: string
  /** The user who runs this by default, or what `~/.ssh/config` says. */
  readonly user?: string
  readonly port?: number
  /** Folder of the repository on the server; a relative path begins where the server puts the user, usually their home. */
  readonly path: string
  /** By default `system` where there is an `ssh`; `builtin` where there is none, or a password is given. */
  readonly client?: SftpClient
  /** A whole command that speaks SFTP on its stdin and stdout, instead of ssh: restic's `sftp.command`. */
  readonly program?: readonly string[]
  /** More arguments for `ssh`, before the host: restic's `sftp.args`. Only for `system`. */
  readonly sshArguments?: readonly string[]
  /** Private keys, instead of the usual ones in `~/.ssh`. */
  readonly identityFiles?: readonly string[]
  /** Socket of an SSH agent. `system` finds one in its environment by itself, `builtin` does not. */
  readonly agentSocket?: string
  /** Where the keys of servers stand, instead of `~/.ssh/known_hosts` and the machine's own. */
  readonly knownHostsFiles?: readonly string[]
  /** Only for `builtin`. */
  readonly password?: string
  /** Operations worth running at the same time; 5 by default. */
  readonly connections?: number
  /** For `ssh` or `program`; by default what this process has. */
  readonly environment?: Readonly<Record<string, string>>
  readonly bandwidth?: Bandwidth
  /** Ends the opening of the backend; afterwards each call has a signal of its own. */
  readonly signal?: AbortSignal
  /** A connection on which an answer is awaited, and nothing arrives for so long, is given up; 5 minutes. */
  readonly stuckAfterMs?: number
}

/** How the server is called in messages: never with a password. */
export function locationOf({ host, user, port, path }: SftpOptions): string {
  const account = user === undefined ? '' : `${user}@`
  if (port === undefined) return `sftp:${account}${host.includes(':') ? `[${host}]` : host}:${path}`
  return `sftp://${account}${host.includes(':') ? `[${host}]` : host}:${port}/${path}`
}
