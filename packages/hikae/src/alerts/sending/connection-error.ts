import { AlertError } from './alert-error.ts'

interface Meaning {
  readonly text: string
  readonly hint: string
  readonly transient: boolean
}

const REFUSED = 'see whether the server is up, and whether address and port are right'
const TRUST = 'correct the certificate of the server, or name its authority to Node with NODE_EXTRA_CA_CERTS'

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { text: 'the connection was refused', hint: REFUSED, transient: true },
  ENOTFOUND: {
    text: 'the name of the server is not known',
    hint: 'see whether the address is right',
    transient: false,
  },
  EAI_AGAIN: { text: 'the name of the server cannot be looked up', hint: 'see whether DNS works', transient: true },
  EHOSTUNREACH: { text: 'the server cannot be reached', hint: 'see whether the network works', transient: true },
  ENETUNREACH: { text: 'the network cannot be reached', hint: 'see whether the network works', transient: true },
  CERT_HAS_EXPIRED: { text: 'the certificate of the server has expired', hint: TRUST, transient: false },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    text: 'the certificate of the server is for another name',
    hint: TRUST,
    transient: false,
  },
}

const UNTRUSTED = /^(UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|CERT_)/

/**
 * A connection that failed, told by its code alone: the system's own messages name the address.
 *
 * @param trustHint what to do about a certificate that is not trusted
 */
export function connectionError(code: string | undefined, trustHint: string = TRUST): AlertError {
  const { text, hint, transient } = meaningOf(code, trustHint)
  return new AlertError(code === undefined ? text : `${text} (${code})`, { hint, transient })
}

function meaningOf(code: string | undefined, trustHint: string): Meaning {
  const known = code === undefined ? undefined : MEANINGS[code]
  if (known) return known.hint === TRUST ? { ...known, hint: trustHint } : known
  if (code !== undefined && UNTRUSTED.test(code)) {
    return { text: 'the certificate of the server is not trusted', hint: trustHint, transient: false }
  }
  return { text: 'the connection failed', hint: 'see whether the server is up and can be reached', transient: true }
}
