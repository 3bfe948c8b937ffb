import { InvalidInputError } from '../../errors.ts'

const HINT =
  'write it as rest:https://host[:port]/path/, with user and password in RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD'

/**
 * The address of a repository on a REST server, ending with a slash.
 *
 * @throws {InvalidInputError} no HTTP, or with parts that an address of a repository does not have; shows none of it
 */
export function baseUrl(address: string): URL {
  if (!URL.canParse(address)) throw new InvalidInputError('the address of the REST server is not a URL', { hint: HINT })
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvalidInputError(`a REST server is reached with http or https, not with ${url.protocol.slice(0, -1)}`, {
      hint: HINT,
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidInputError('user and password do not belong into the address of the REST server', { hint: HINT })
  }
  if (url.search !== '' || url.hash !== '') {
    throw new InvalidInputError('the address of a REST server ends with its path, without ? and #', { hint: HINT })
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
