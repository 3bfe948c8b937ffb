import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { DelayedBytes, type Pace } from './tcp-proxy/delayed-bytes.ts'

/** What is wrong with the network between client and server; nothing by default. */
export interface TcpFaults {
  /** One way, in each direction: an answer is late by twice as much, and a connection takes a round trip to make. */
  readonly latencyMs?: number
  /** In each direction, shared by all connections, as a line is. */
  readonly bytesPerSecond?: number
  /** A connection is reset on both ends when it has carried so many bytes, both directions together. */
  readonly cutAfterBytes?: number
  /** A connection goes silent, and stays open, when it has carried so many bytes. Without this fault it goes on. */
  readonly stallAfterBytes?: number
  /** New connections are reset at once. */
  readonly refuse?: boolean
}

export interface TcpProxyOptions {
  readonly target: { readonly host: string; readonly port: number }
  readonly faults?: TcpFaults
}

/** Disposing of it closes the port and every connection. */
export interface TcpProxy extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number
  /** Setting it replaces all faults, also for connections that are open and for what waits in them. */
  faults: TcpFaults
  /** Connections that clients made so far, also refused ones. */
  readonly connections: number
  /** Resets every open connection on both ends. */
  cutAll(): void
}

/**
 * Real TCP between clients and a server, with a bad network in between. Order is kept; latency delays bytes without
 * limiting how many are under way.
 */
export async function startTcpProxy({ target, faults = {} }: TcpProxyOptions): Promise<TcpProxy> {
  const links = new Set<Link>()
  const lines = { out: { freeAtMs: 0 }, back: { freeAtMs: 0 } }
  let current = faults
  let connections = 0

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    connections++
    if (current.refuse) return void client.resetAndDestroy()
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true })
    const link = new Link(client, upstream, () => current, lines)
    links.add(link)
    link.whenClosed(() => links.delete(link))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    get faults() {
      return current
    },
    set faults(next) {
      current = next
      // What was booked at an old rate would hold the line for too long.
      lines.out.freeAtMs = lines.back.freeAtMs = 0
      for (const link of links) link.proceed()
    },
    get connections() {
      return connections
    },
    cutAll() {
      for (const link of links) link.cut()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const link of links) link.cut()
      await closed
    },
  }
}

/** One connection of a client and its twin to the server. */
class Link {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #faults: () => TcpFaults
  readonly #directions: readonly DelayedBytes[]
  #carriedBytes = 0

  constructor(client: Socket, upstream: Socket, faults: () => TcpFaults, lines: { out: Pace; back: Pace }) {
    this.#client = client
    this.#upstream = upstream
    this.#faults = faults
    const acceptedAtMs = performance.now()
    const rules = { faults, admit: (bytes: number) => this.#admit(bytes) }
    this.#directions = [
      // The client believes to be connected at once; over a network it would have waited for a round trip.
      new DelayedBytes(client, upstream, lines.out, {
        ...rules,
        openAtMs: () => acceptedAtMs + 2 * (faults().latencyMs ?? 0),
      }),
      new DelayedBytes(upstream, client, lines.back, { ...rules, openAtMs: () => 0 }),
    ]
    for (const socket of [client, upstream]) socket.on('error', () => this.cut())
    for (const socket of [client, upstream]) socket.on('close', (failed) => failed && this.cut())
  }

  whenClosed(tell: () => void): void {
    let open = 2
    for (const socket of [this.#client, this.#upstream]) socket.on('close', () => --open === 0 && tell())
  }

  proceed(): void {
    for (const direction of this.#directions) direction.proceed()
  }

  cut(): void {
    for (const direction of this.#directions) direction.drop()
    for (const socket of [this.#client, this.#upstream]) if (!socket.destroyed) socket.resetAndDestroy()
  }

  /** How many of the next bytes may pass; cuts the connection once its time has come. */
  #admit(bytes: number): number {
    const { cutAfterBytes = Infinity, stallAfterBytes = Infinity } = this.#faults()
    const left = Math.min(cutAfterBytes, stallAfterBytes) - this.#carriedBytes
    const admitted = Math.max(0, Math.min(bytes, left))
    this.#carriedBytes += admitted
    if (this.#carriedBytes >= cutAfterBytes) setImmediate(() => this.cut())
    return admitted
  }
}
