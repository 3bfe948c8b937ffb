import { readFile } from 'node:fs/promises'
import type { HttpOptions } from '@hikae/engine'
import { errorMessage, UsageError } from '../errors.ts'
import type { Opening } from './opening.ts'

const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'] as const

/** @throws {UsageError} a file with certificates cannot be read */
export async function httpSettings({ settings, bandwidth, stuckAfterMs }: Opening): Promise<Partial<HttpOptions>> {
  const { caFiles, clientCertificateFile, insecureTls, env } = settings
  const ca = (await Promise.all(caFiles.map((path) => readPem(path, '--cacert')))).join('\n')
  const proxies = PROXY_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []))
  return {
    ...(ca === '' ? {} : { ca }),
    ...(clientCertificateFile === undefined
      ? {}
      : { clientCertificate: await readPem(clientCertificateFile, '--tls-client-cert') }),
    insecureTls,
    ...(stuckAfterMs === undefined ? {} : { stuckAfterMs }),
    ...(proxies.length === 0 ? {} : { proxyEnvironment: Object.fromEntries(proxies) }),
    bandwidth,
  }
}

async function readPem(path: string, option: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    if (text.includes('-----BEGIN ')) return text
  } catch (error) {
    throw new UsageError(`cannot read ${path} of ${option}: ${errorMessage(error)}`, { cause: error })
  }
  throw new UsageError(`${path} of ${option} holds no certificate in PEM form`, {
    hint: 'it has to begin with -----BEGIN CERTIFICATE-----',
  })
}
