import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { InputError } from '../errors.ts'

/** Where a Docker Engine listens. */
export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: TlsFiles }
  /** The program `ssh` runs `docker system dial-stdio` there, as the Docker client does. */
  | { readonly kind: 'ssh'; readonly destination: string; readonly port?: number }

/** Files in PEM form. */
export interface TlsFiles {
  /** Of who signed the server's certificate; the system's when absent. */
  readonly ca?: string
  /** Our own certificate and its key, where the server asks for them. */
  readonly cert?: string
  readonly key?: string
}

export const DEFAULT_SOCKET = '/var/run/docker.sock'
const PLAIN_PORT = 2375
const TLS_PORT = 2376

/**
 * @param text `unix:///var/run/docker.sock`, `tcp://host:port`, `https://host:port`, `ssh://user@host`
 * @throws {InputError} it is none of these
 */
export function parseEngineAddress(text: string, tls?: TlsFiles): EngineAddress {
  if (text.startsWith('unix://')) return { kind: 'socket', path: text.slice('unix://'.length) || DEFAULT_SOCKET }
  if (text.startsWith('/')) return { kind: 'socket', path: text }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'ssh:' && /^[^-]/.test(url.hostname)) {
    const user = url.username === '' ? '' : `${decodeURIComponent(url.username)}@`
    const destination = `${user}${url.hostname.replace(/^\[(.*)\]$/, '$1')}`
    return { kind: 'ssh', destination, ...(url.port === '' ? {} : { port: Number(url.port) }) }
  }
  if (url && /^(?:tcp|https?):$/.test(url.protocol) && url.hostname !== '') {
    const isSecure = tls !== undefined || url.protocol === 'https:'
    const port = url.port === '' ? (isSecure ? TLS_PORT : PLAIN_PORT) : Number(url.port)
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    return { kind: 'tcp', host, port, ...(isSecure ? { tls: tls ?? {} } : {}) }
  }
  throw new InputError(`'${text}' is no address of a Docker Engine`, {
    hint: 'write unix:///var/run/docker.sock, tcp://host:2376, or ssh://user@host',
  })
}

/** The engine that the Docker client would use: `DOCKER_HOST` with `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`. */
export function engineOfEnvironment(env: Environment): EngineAddress {
  const host = env['DOCKER_HOST'] ?? ''
  if (host === '') return { kind: 'socket', path: DEFAULT_SOCKET }
  if ((env['DOCKER_TLS_VERIFY'] ?? '') === '') return parseEngineAddress(host)
  const folder = env['DOCKER_CERT_PATH'] ?? join(env['HOME'] ?? '/root', '.docker')
  const file = (name: string): string => join(folder, name)
  return parseEngineAddress(host, { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') })
}

/** For messages, as it would be written. */
export function formatEngineAddress(address: EngineAddress): string {
  switch (address.kind) {
    case 'socket':
      return `unix://${address.path}`
    case 'tcp':
      return `${address.tls ? 'https' : 'tcp'}://${bracketed(address.host)}:${address.port}`
    case 'ssh':
      return `ssh://${address.destination}${address.port === undefined ? '' : `:${address.port}`}`
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
