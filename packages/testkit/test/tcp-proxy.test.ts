import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'vitest'
import { randomBytesOf, startTcpProxy, type TcpFaults } from '@hikae/testkit'

/** A server that returns what it gets, behind a proxy. */
async function startEcho(faults: TcpFaults = {}) {
  await using owned = new AsyncDisposableStack()
  const sockets = new Set<Socket>()
  let received = 0
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => (received += bytes.length))
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  owned.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  const proxy = owned.use(await startTcpProxy({ target, faults }))
  const moved = owned.move()
  return {
    proxy,
    received: () => received,
    connect: async () => {
      const socket = connect({ port: proxy.port, host: '127.0.0.1' })
      moved.defer(() => void socket.destroy())
      await once(socket, 'connect')
      return socket
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Sends `content`, closes the sending side, and returns all that came back. */
async function echoed(socket: Socket, content: Buffer): Promise<Buffer> {
  socket.end(content)
  return Buffer.concat((await socket.toArray()) as Buffer[])
}

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const content = randomBytesOf('tcp', 3_000_000)

test.for([
  ['without faults', {}],
  ['with latency', { latencyMs: 5 }],
  ['with latency and a rate', { latencyMs: 5, bytesPerSecond: 20_000_000 }],
] as const)(
  '%s all bytes arrive in order, and the end of the connection after them',
  async ([, faults], { expect }) => {
    await using echo = await startEcho(faults)
    const results = await Promise.all([1, 2].map(async () => echoed(await echo.connect(), content)))
    expect(results.map(digest)).toEqual([digest(content), digest(content)])
    expect(echo.proxy.connections).toBe(2)
  },
)

test('an answer is late by the latency of both directions, and the first one by that of the connection too', async ({
  expect,
}) => {
  await using echo = await startEcho({ latencyMs: 40 })
  const socket = await echo.connect()
  const first = await millisecondsOf(async () => {
    socket.write('1')
    await once(socket, 'data')
  })
  const second = await millisecondsOf(async () => {
    socket.write('2')
    await once(socket, 'data')
  })
  // Timers may fire a millisecond early; how much too late is the machine's affair.
  expect(first).toBeGreaterThan(155)
  expect(second).toBeGreaterThan(78)
})

test('latency is not paid for every piece: many messages under way share it', async ({ expect }) => {
  await using echo = await startEcho({ latencyMs: 100 })
  const socket = await echo.connect()
  const back: Buffer[] = []
  socket.on('data', (bytes: Buffer) => back.push(bytes))
  for (let count = 0; count < 100; count++) {
    socket.write('x')
    await new Promise((resolve) => setImmediate(resolve))
  }
  const deadline = performance.now() + 15_000 // one after the other they would take 20 seconds
  while (Buffer.concat(back).length < 100 && performance.now() < deadline) await once(socket, 'data')
  expect(Buffer.concat(back)).toHaveLength(100)
})

test('a rate is shared by all connections', async ({ expect }) => {
  await using echo = await startEcho({ bytesPerSecond: 1_000_000 })
  const half = content.subarray(0, 100_000)
  const took = await millisecondsOf(() => Promise.all([1, 2].map(async () => echoed(await echo.connect(), half))))
  expect(took).toBeGreaterThan(198)
})

test('a connection is cut after so many bytes, the next one too', async ({ expect }) => {
  await using echo = await startEcho({ cutAfterBytes: 1_000_000 })
  for (let attempt = 0; attempt < 2; attempt++) {
    const socket = await echo.connect()
    await expect(echoed(socket, content)).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  }
  expect(echo.received()).toBeLessThanOrEqual(2_000_000)
  echo.proxy.faults = {}
  expect(digest(await echoed(await echo.connect(), content))).toBe(digest(content))
})

test('a stalled connection stays open and silent until the fault has gone', async ({ expect }) => {
  await using echo = await startEcho({ stallAfterBytes: 10 })
  const socket = await echo.connect()
  const back: Buffer[] = []
  socket.on('data', (bytes: Buffer) => back.push(bytes))
  const ended = once(socket, 'end')
  socket.end('0123456789abcdef')
  while (echo.received() < 10) await new Promise((resolve) => setImmediate(resolve))
  expect([echo.received(), back, socket.destroyed]).toEqual([10, [], false])
  echo.proxy.faults = {}
  await ended
  expect(Buffer.concat(back).toString()).toBe('0123456789abcdef')
})

test('a refusing proxy resets connections, and serves again later', async ({ expect }) => {
  await using echo = await startEcho({ refuse: true })
  const refused = async (): Promise<unknown> => {
    const socket = await echo.connect()
    return echoed(socket, Buffer.from('x'))
  }
  await expect(refused()).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  echo.proxy.faults = {}
  expect((await echoed(await echo.connect(), Buffer.from('x'))).toString()).toBe('x')
})

test('all connections can be cut at once, with what is under way in them', async ({ expect }) => {
  await using echo = await startEcho({ latencyMs: 60_000 })
  const sockets = [await echo.connect(), await echo.connect()]
  const failures = sockets.map((socket) => once(socket, 'error'))
  for (const socket of sockets) socket.write('never arrives')
  // A connection that the proxy has not accepted yet would not be there to be cut.
  while (echo.proxy.connections < 2) await new Promise((resolve) => setImmediate(resolve))
  echo.proxy.cutAll()
  for (const [error] of await Promise.all(failures)) expect(error).toMatchObject({ code: 'ECONNRESET' })
  expect(echo.received()).toBe(0)
})

test('a server that is not there is a reset', async ({ expect }) => {
  await using gone = await startEcho()
  const unused = createServer()
  unused.listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const { port } = unused.address() as AddressInfo
  unused.close()
  await once(unused, 'close')
  await using proxy = await startTcpProxy({ target: { host: '127.0.0.1', port } })
  const socket = connect({ port: proxy.port, host: '127.0.0.1' })
  const [error] = await once(socket, 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET' })
  expect(gone.proxy.connections).toBe(0)
})
