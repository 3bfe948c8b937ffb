import { readFile, writeFile } from 'node:fs/promises'
import { makeTempDir, type TempDir } from './temp-dir.ts'
import { runOk } from './run-process.ts'

/** A certificate and its private key, as PEM and as files. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  readonly certificatePath: string
  readonly keyPath: string
}

/** All of an authority of one's own. Gone with its folder when disposed of. */
export interface Certificates extends AsyncDisposable {
  readonly authority: Certificate
  /** For servers on `localhost` and 127.0.0.1. */
  readonly server: Certificate
  /** For clients that prove who they are. */
  readonly client: Certificate
}

/** Makes an authority, a server certificate and a client certificate with `openssl`, in a tenth of a second. */
export async function makeCertificates(): Promise<Certificates> {
  const dir = await makeTempDir()
  const authority = await makeCertificate(dir, 'authority', ['-addext', 'basicConstraints=critical,CA:TRUE'])
  const signed = ['-CA', authority.certificatePath, '-CAkey', authority.keyPath]
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  return {
    authority,
    server: await makeCertificate(dir, 'server', [...signed, ...names]),
    client: await makeCertificate(dir, 'client', [...signed, '-addext', 'extendedKeyUsage=clientAuth']),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}

async function makeCertificate(dir: TempDir, name: string, args: readonly string[]): Promise<Certificate> {
  const [certificatePath, keyPath] = [dir.join(`${name}.crt`), dir.join(`${name}.key`)]
  const config = dir.join('openssl.cnf')
  await writeFile(config, '[req]\ndistinguished_name = name\n[name]\n')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', keyPath]
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-out', certificatePath]
  await runOk('openssl', ['req', '-x509', '-config', config, ...key, ...subject, ...args])
  return {
    certificate: await readFile(certificatePath, 'utf8'),
    key: await readFile(keyPath, 'utf8'),
    certificatePath,
    keyPath,
  }
}
