import { InvalidInputError } from '../errors.ts'
import type { Backend } from './backend.ts'
import { HttpClient } from './http/http-client.ts'
import type { HttpOptions } from './http/http-options.ts'
import { baseUrl } from './rest/base-url.ts'
import { RestBackend } from './rest/rest-backend.ts'

const CONNECTIONS = 5

export interface RestOptions {
  /** `http(s)://host[:port]/path/`, without credentials. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Operations worth running at the same time; 5 by default. */
  readonly connections?: number
  readonly http?: Partial<Omit<HttpOptions, 'connections'>>
}

/**
 * A repository on a REST server (§21): rest-server, `hikae serve`, `rclone serve restic`. Nothing is asked of the server
 * yet. See {@link RestBackend} for what the protocol cannot promise.
 *
 * @throws {InvalidInputError} an address or a user name that makes no sense
 */
export async function openRestBackend(options: RestOptions): Promise<Backend> {
  const { username, connections = CONNECTIONS, http = {} } = options
  const base = baseUrl(options.url)
  // One connection more than operations, so that a lock is refreshed in time while all others are busy.
  const sender = new HttpClient({ ...http, connections: connections + 1 })
  return new RestBackend(sender, {
    base,
    location: `rest:${base.href}`,
    connections,
    headers: authorization(options),
    accessHint:
      username === undefined
        ? 'give user and password of the server in RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD'
        : 'check user and password of the server, and that this user may use this path',
  })
}

function authorization({ username, password }: RestOptions): Record<string, string> {
  if (username === undefined && password === undefined) return {}
  if (username === undefined || username === '') {
    throw new InvalidInputError('there is a password for the REST server, but no user name', {
      hint: 'set RESTIC_REST_USERNAME as well',
    })
  }
  if (username.includes(':')) throw new InvalidInputError('the name of a user of a REST server has no colon')
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` }
}
