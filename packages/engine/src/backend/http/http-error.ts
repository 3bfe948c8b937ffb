import { BackendError } from '../backend.ts'
import type { HttpResponse } from './http-message.ts'
import { TransportError } from './transport-error.ts'

/** Where an error happened, for its message. */
export interface HttpErrorContext {
  /** What was attempted, for instance `write pack 01234567`. */
  readonly doing: string
  /** The repository, without secrets. */
  readonly location: string
}

export interface StatusErrorContext extends HttpErrorContext {
  /** What to do when access is refused (401, 403): which credentials, which rights. */
  readonly accessHint: string
  /** What the server said in its own words, if anything; shown shortened. */
  readonly said?: string
}

/**
 * Says in people's words why there was no answer, or not all of it.
 *
 * @returns undefined when the error is neither the network's nor TLS's: an abort, or a bug
 */
export function explainTransport(error: unknown, { doing, location }: HttpErrorContext): BackendError | undefined {
  const explained = error instanceof TransportError ? ofTransport(error) : ofSystem(codeOf(error), error)
  if (explained === undefined) return undefined
  const { reason, ...options } = explained
  return new BackendError(`cannot ${doing} in ${location}: ${reason}`, { ...options, cause: error })
}

/** Says in people's words what an answer means that is not the one asked for. Does not read its body. */
export function explainStatus(response: Omit<HttpResponse, 'body'>, context: StatusErrorContext): BackendError {
  const { status, headers } = response
  const said = oneLine(context.said ?? '')
  const { reason, hint } = ofStatus(status, headers, context.accessHint)
  const retryAfterMs = retryAfter(headers['retry-after'])
  return new BackendError(
    `cannot ${context.doing} in ${context.location}: ${reason} (HTTP ${status}${said === '' ? '' : `: ${said}`})`,
    { hint, transient: MAY_PASS.has(status), ...(retryAfterMs !== undefined && { retryAfterMs }) },
  )
}

/**
 * `Retry-After`, in milliseconds from now: seconds, or a date.
 *
 * @returns undefined when there is none, or none that can be read
 */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  // `Date.parse` understands much more than HTTP's dates, also negative numbers.
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0)
}

/** Also what the cause says: libraries wrap the errors of the system. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? undefined : codeOf(error.cause)
}

interface Explanation {
  readonly reason: string
  readonly hint: string
  readonly transient: boolean
}

const NETWORK_HINT = 'check the network and that the server runs; the same call may succeed later'

function ofTransport(error: TransportError): Explanation {
  if (error.code === 'TOO_LONG') {
    return {
      reason: error.message,
      hint: 'the server, or a proxy before it, does not answer requests for a part of a file with that part',
      transient: false,
    }
  }
  return { reason: error.message, hint: NETWORK_HINT, transient: true }
}

/** What the system and TLS report, by code. */
function ofSystem(code: string | undefined, error: unknown): Explanation | undefined {
  if (code === undefined) return undefined
  if (code in NETWORK_TROUBLE) return { reason: NETWORK_TROUBLE[code]!, hint: NETWORK_HINT, transient: true }
  if (code === 'ENOTFOUND') {
    return { reason: 'there is no such host', hint: 'check the name of the host in the address', transient: false }
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return { reason: 'this machine does not allow the connection', hint: 'check its firewall', transient: false }
  }
  if (code === 'ERR_PROXY_TUNNEL') return ofProxy(error)
  if (CERTIFICATE_TROUBLE.test(code)) {
    return {
      reason: `the certificate of the server is not trusted (${code})`,
      hint:
        'give the certificate of its authority with --cacert FILE, or use the name that the certificate is for; ' +
        'authorities of this machine are usually in /etc/ssl/certs/ca-certificates.crt',
      transient: false,
    }
  }
  if (CLIENT_CERTIFICATE_TROUBLE.test(code)) {
    return {
      reason: `the server does not accept the client certificate, or misses one (${code})`,
      hint: 'give a certificate that the server trusts, with its key, with --tls-client-cert FILE',
      transient: false,
    }
  }
  if (/^(HPE_|ERR_SSL_|EPROTO$|ERR_TLS_)/.test(code)) {
    return {
      reason: `the server does not speak the expected protocol (${code})`,
      hint: 'check whether the address begins with http:// or https://, and its port',
      transient: false,
    }
  }
  return undefined
}

const NETWORK_TROUBLE: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'the name of the host cannot be looked up at the moment',
  EADDRNOTAVAIL: 'this machine has no address for the connection',
  ECONNABORTED: 'the connection was cut',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EHOSTDOWN: 'the host is down',
  EHOSTUNREACH: 'the host cannot be reached',
  EMFILE: 'too many files are open',
  ENETDOWN: 'the network is down',
  ENETUNREACH: 'the network cannot be reached',
  ENFILE: 'too many files are open',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
}

const CERTIFICATE_TROUBLE =
  /^(CERT_|CRL_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(VERIFY|GET|DECRYPT|DECODE)|INVALID_CA|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME|ERROR_IN_CERT)/
const CLIENT_CERTIFICATE_TROUBLE = /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/

function ofProxy(error: unknown): Explanation {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined
  return {
    reason: `the proxy does not let the connection through${status === undefined ? '' : ` (HTTP ${status})`}`,
    hint: 'check HTTPS_PROXY and NO_PROXY, and user and password in them',
    transient: status !== 407 && status !== 403,
  }
}

const MAY_PASS = new Set([408, 429, 500, 502, 503, 504])

function ofStatus(status: number, headers: Readonly<Record<string, string>>, accessHint: string) {
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return {
        reason: 'the server sends us elsewhere',
        hint: `use the address that it names, if you trust it: ${withoutSecrets(headers['location'])}`,
      }
    case 401:
      return { reason: 'the server does not accept the credentials', hint: accessHint }
    case 403:
      return { reason: 'the server refuses it', hint: accessHint }
    case 404:
      return { reason: 'the server knows no such place', hint: 'check the path in the address' }
    case 405:
    case 501:
      return {
        reason: 'the server cannot do that',
        hint: 'check that the address is that of a server for repositories',
      }
    case 407:
      return { reason: 'the proxy wants credentials', hint: 'give user and password in HTTP_PROXY or HTTPS_PROXY' }
    case 413:
      return {
        reason: 'the file is too large for the server or a proxy before it',
        hint: 'raise its limit for the size of a request (nginx: client_max_body_size), or use smaller packs (--pack-size)',
      }
    case 429:
      return { reason: 'the server asks for fewer requests', hint: 'use fewer connections, or wait' }
    case 507:
      return {
        reason: 'no space left at the server, or the quota is used up',
        hint: 'free some space there, raise the quota, or remove old snapshots with forget and prune; what is stored is intact',
      }
    default:
      return status >= 500
        ? { reason: 'the server is in trouble', hint: 'look into its log; the same call may succeed later' }
        : { reason: 'the server refuses it', hint: 'look into the log of the server' }
  }
}

function withoutSecrets(address: string | undefined): string {
  if (address === undefined || !URL.canParse(address)) return 'none'
  const url = new URL(address)
  url.username = ''
  url.password = ''
  url.search = ''
  return url.href
}

/** Servers answer with pages, stack traces or nothing: the first words are enough, and no control characters. */
function oneLine(text: string): string {
  return text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, 200)
}
