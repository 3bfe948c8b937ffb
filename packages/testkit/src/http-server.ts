import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export interface TestHttpServer extends AsyncDisposable {
  /** On 127.0.0.1, ends with `/`. */
  readonly url: string
  readonly port: number
  readonly server: Server
  /** Connections accepted so far. */
  readonly connections: number
}

/** A server of the test's own, to misbehave as it wants, on a free port of the loopback; with TLS if `tls` is given. */
export async function startHttpServer(
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  { tls, port = 0 }: { tls?: ServerOptions; port?: number } = {},
): Promise<TestHttpServer> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response)
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const { port: chosen } = server.address() as AddressInfo
  return {
    url: `http${tls ? 's' : ''}://127.0.0.1:${chosen}/`,
    port: chosen,
    server,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => void server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
