import type { RestLocation } from '../location.ts'
import { parseWebUrl } from './web-url.ts'

/**
 * `https://[user:password@]host[:port]/path/`. The credentials are kept apart from the address from here on.
 *
 * @throws {UsageError}
 */
export function parseRest(text: string): RestLocation {
  const url = parseWebUrl(text, 'rest:', 'rest:https://HOST:8000/PATH/')
  const user = decodeURIComponent(url.username)
  const password = decodeURIComponent(url.password)
  url.username = ''
  url.password = ''
  return {
    kind: 'rest',
    url: url.href.endsWith('/') ? url.href : `${url.href}/`,
    ...(user === '' ? {} : { user: { kind: 'literal', value: user } }),
    ...(password === '' ? {} : { password: { kind: 'literal', value: password } }),
  }
}
