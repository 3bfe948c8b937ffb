import { isIPv6 } from 'node:net'
import { UsageError } from '../errors.ts'

export type ListenAddress =
  /** An empty `host` means every address of this machine; `port` 0 means any free one. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/**
 * `127.0.0.1:8000`, `[::1]:8000`, `:8000`, `unix:/run/hikae.sock`
 *
 * @throws {UsageError}
 */
export function parseListenAddress(text: string): ListenAddress {
  const path = /^unix:(\/.+)$/.exec(text)?.[1]
  if (path !== undefined) return { kind: 'unix', path }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  const isHost = bracketed === undefined || isIPv6(bracketed)
  if (isHost && port <= 65_535) return { kind: 'tcp', host: bracketed ?? plain ?? '', port }
  throw new UsageError(`'${text}' is not an address to listen at`, {
    hint: 'write HOST:PORT as in 127.0.0.1:8000 or [::1]:8000, :8000 for all addresses, or unix:/path/to/socket',
  })
}

/** Whether only programs on this machine can connect. */
export function isLocalAddress(address: ListenAddress): boolean {
  return address.kind === 'unix' || /^(?:127(?:\.\d+){3}|::1|localhost)$/.test(address.host)
}
