import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOk } from './run-process.ts'

export interface CertificateFiles {
  /** The authority that nobody knows, PEM. */
  readonly ca: string
  /** Paths of the server's certificate and key, for 127.0.0.1 and localhost. */
  readonly certificate: string
  readonly key: string
}

/** A certificate for a server on loopback, signed by an authority of its own; needs `openssl`. */
export async function makeCertificate(folder: string): Promise<CertificateFiles> {
  const at = (name: string): string => join(folder, name)
  const openssl = (...args: string[]) => runOk('openssl', args)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=Hikae test authority',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
  )
  await openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', at('server.key'), '-out', at('server.csr'))
  await writeFile(at('server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n')
  await openssl(
    'x509',
    '-req',
    '-in',
    at('server.csr'),
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    at('server.ext'),
    '-out',
    at('server.pem'),
  )
  return { ca: await readFile(at('ca.pem'), 'utf8'), certificate: at('server.pem'), key: at('server.key') }
}
