import { readFile, stat } from 'node:fs/promises'
import type { SecureVersion } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { errorMessage, InputError } from '../errors.ts'

export interface TlsFiles {
  /** PEM: the certificate, then those between it and its authority. */
  readonly certificate: string
  readonly key: string
  readonly minimumVersion: SecureVersion
}

export interface TlsContent {
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: SecureVersion
}

/** @throws {InputError} the files cannot be read, or do not belong together */
export async function readTlsFiles({ certificate, key, minimumVersion }: TlsFiles): Promise<TlsContent> {
  const content = {
    cert: await read(certificate, 'certificate'),
    key: await read(key, 'private key'),
    minVersion: minimumVersion,
  }
  try {
    createSecureContext(content)
  } catch (error) {
    throw new InputError(
      `cannot use the certificate ${certificate} with the private key ${key}: ${errorMessage(error)}`,
      {
        hint: 'both have to be in PEM format, the key without a passphrase, and belong together',
        cause: error,
      },
    )
  }
  return content
}

/** Changes whenever the files do, as after a renewal. */
export async function tlsVersion({ certificate, key }: TlsFiles): Promise<string> {
  const found = await Promise.all([stat(certificate), stat(key)])
  return found.map(({ mtimeMs, size, ino }) => [mtimeMs, size, ino].join(' ')).join(', ')
}

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new InputError(`cannot read the ${what} ${path}: ${errorMessage(error)}`, {
      hint: 'name the files with --tls-cert and --tls-key',
      cause: error,
    })
  }
}
