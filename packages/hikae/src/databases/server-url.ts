import { InputError } from '../errors.ts'

/** What the URL of a server says. */
export interface ServerUrl {
  readonly host: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  /** What stands behind the server's name. */
  readonly database?: string
  /** `sslmode=require` */
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Takes `postgres://user:password@host:5432/database?sslmode=require` apart.
 *
 * @param protocols those of the product, without colon
 * @throws {InputError} it is none, or of another product; what it says is not repeated
 */
export function parseServerUrl(text: string, protocols: readonly string[], source: string): ServerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hint = `write it as ${protocols[0]}://user:password@host:port/database, with %40 for @ and so on in names and passwords`
  if (url === undefined) throw new InputError(`the url of ${source} is no URL`, { hint })
  if (!protocols.includes(url.protocol.slice(0, -1))) {
    throw new InputError(`the url of ${source} begins with ${url.protocol}, which is another product`, { hint })
  }
  if (url.hostname === '') throw new InputError(`the url of ${source} names no server`, { hint })
  const database = decoded(url.pathname.slice(1))
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.username === '' ? {} : { user: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
    ...(database === '' ? {} : { database }),
    parameters: new Map(url.searchParams),
  }

  function decoded(part: string): string {
    try {
      return decodeURIComponent(part)
    } catch (error) {
      throw new InputError(`the url of ${source} has a % that means nothing`, { hint, cause: error })
    }
  }
}
