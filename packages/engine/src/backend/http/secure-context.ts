import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { InvalidInputError } from '../../errors.ts'
import type { HttpOptions } from './http-options.ts'

/**
 * Which certificates are trusted and which one is shown. Made once: with a list of authorities it takes 30 ms.
 *
 * @throws {InvalidInputError} a certificate cannot be read
 */
export function secureContext({ ca, clientCertificate }: HttpOptions): SecureContext {
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates('default'), readable(ca)] }
  const shown = clientCertificate === undefined ? {} : { cert: clientCertificate, key: clientCertificate }
  try {
    return createSecureContext({ ...trusted, ...shown })
  } catch (cause) {
    throw new InvalidInputError('the certificate for TLS cannot be used', {
      hint: 'the file needs a certificate and its private key, both in PEM format and without a passphrase',
      cause,
    })
  }
}

/** Text without a certificate would be ignored in silence, and then be missed when the server is not trusted. */
function readable(ca: string): string {
  try {
    createSecureContext({ ca })
    if (ca.includes('-----BEGIN')) return ca
  } catch (cause) {
    throw new InvalidInputError('the certificate authorities cannot be read', { hint: AUTHORITIES_HINT, cause })
  }
  throw new InvalidInputError('there is no certificate authority in the file', { hint: AUTHORITIES_HINT })
}

const AUTHORITIES_HINT = 'the file needs one or more certificates in PEM format (-----BEGIN CERTIFICATE-----)'
