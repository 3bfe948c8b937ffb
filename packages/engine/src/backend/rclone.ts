import { randomBytes } from 'node:crypto'
import type { Backend } from './backend.ts'
import type { Bandwidth } from './bandwidth.ts'
import { RcloneSender } from './rclone/rclone-sender.ts'
import { RestBackend } from './rest/rest-backend.ts'
import { InvalidInputError } from '../errors.ts'

const CONNECTIONS = 5
const PROGRAM = ['rclone']
const ARGUMENTS = ['serve', 'restic', '--stdio', '--b2-hard-delete']

export interface RcloneOptions {
  /** As rclone writes it: `name:path`. */
  readonly remote: string
  /** Program and its first arguments; `rclone` by default. May be another one that ends up in rclone, such as `ssh host rclone`. */
  readonly program?: readonly string[]
  /** Arguments before the remote; `serve restic --stdio --b2-hard-delete` by default. */
  readonly args?: readonly string[]
  /** The program's whole environment; this process's own by default. */
  readonly env?: Readonly<Record<string, string>>
  /** Operations worth running at the same time; 5 by default. */
  readonly connections?: number
  readonly bandwidth?: Bandwidth
  /** As in `HttpOptions`. */
  readonly stuckAfterMs?: number
}

/**
 * A repository wherever rclone can store files (§21). rclone is started with the first call, and again with the next one
 * after it has ended by itself; it ends when the backend is disposed of. See {@link RestBackend} for what its protocol
 * cannot promise, and rclone's own documentation for what its storages do.
 *
 * @throws {InvalidInputError} the remote is empty, or would be taken for an option
 */
export async function openRcloneBackend(options: RcloneOptions): Promise<Backend> {
  const { remote, program = PROGRAM, args = ARGUMENTS, env, connections = CONNECTIONS, ...http } = options
  if (remote === '' || remote.startsWith('-')) {
    throw new InvalidInputError(`${JSON.stringify(remote)} is no remote of rclone`, {
      hint: 'write it as rclone:remote:path; `rclone listremotes` shows the remotes that are configured',
    })
  }
  const location = `rclone:${remote}`
  const command = [...program, ...args, remote]
  // Any answer shows that rclone is there; a file of that name never is.
  const probe = `file-${randomBytes(8).toString('hex')}`
  const sender = new RcloneSender({ location, command, probe, ...http, ...(env && { env }) })
  return new RestBackend(sender, {
    base: new URL('http://localhost/'),
    location,
    connections,
    headers: {},
    accessHint: 'look at what rclone says, and try `rclone lsd` with the same remote',
    lastWords: () => sender.lastWords(),
  })
}
