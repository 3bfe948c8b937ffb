import { once } from 'node:events'
import { Agent, createServer, request as sendRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test as base } from 'vitest'
import { randomBytesOf, requestFault, startHttpProxy, type HttpFaultPlan } from '@hikae/testkit'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Bytes of the body, and whether it came to its end. */
  bytes: number
  whole: boolean
}

const ANSWER = randomBytesOf('answer', 100_000)

/** A server that remembers what it was asked, behind a proxy. */
async function startPair(plan?: HttpFaultPlan) {
  await using owned = new AsyncDisposableStack()
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const entry: Seen = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      bytes: 0,
      whole: false,
    }
    seen.push(entry)
    request.on('data', (chunk: Buffer) => (entry.bytes += chunk.length))
    request.on('error', () => undefined)
    request.on('end', () => {
      entry.whole = true
      const headers = { 'Content-Length': ANSWER.length, 'X-Odd-Name': 'kept' }
      response.writeHead(request.method === 'POST' ? 201 : 200, headers).end(ANSWER)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  owned.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  const target = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`)
  const proxy = owned.use(await startHttpProxy({ target, ...(plan && { plan }) }))
  const agent = new Agent({ keepAlive: true })
  owned.defer(() => agent.destroy())
  const moved = owned.move()
  return {
    proxy,
    seen,
    async ask(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}) {
      const request = sendRequest(new URL(path, proxy.url), { method, agent, headers })
      request.end(body)
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      return { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()) }
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

const test = base.extend<{ pair: Awaited<ReturnType<typeof startPair>> }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern here
  pair: async ({}, use) => {
    await using pair = await startPair()
    await use(pair)
  },
})

const RESET = { code: 'ECONNRESET' }

test('requests and answers pass as they are, with the Host that the client named', async ({ pair, expect }) => {
  const body = randomBytesOf('body', 300_000)
  const answer = await pair.ask('POST', 'data/abc?x=%2F', body, { Host: 'bucket.example.com', 'X-Signed': 'a  b' })
  expect(answer.status).toBe(201)
  expect(answer.headers['x-odd-name']).toBe('kept')
  expect(answer.body.equals(ANSWER)).toBe(true)
  expect(pair.seen).toMatchObject([{ method: 'POST', path: '/base/data/abc?x=%2F', bytes: 300_000, whole: true }])
  expect(pair.seen[0]!.headers).toMatchObject({ host: 'bucket.example.com', 'x-signed': 'a  b' })
  expect(pair.seen[0]!.headers['content-length']).toBe('300000')
})

test('every request is recorded, with its number and how often it was tried', async ({ pair, expect }) => {
  await pair.ask('GET', 'a?first')
  await pair.ask('GET', 'b')
  await pair.ask('GET', 'a?again')
  await pair.ask('POST', 'a', Buffer.from('x'))
  expect(pair.proxy.requests).toEqual([
    { method: 'GET', path: '/base/a?first', number: 1, ofItsSort: 1 },
    { method: 'GET', path: '/base/b', number: 2, ofItsSort: 1 },
    { method: 'GET', path: '/base/a?again', number: 3, ofItsSort: 2 },
    { method: 'POST', path: '/base/a', number: 4, ofItsSort: 1 },
  ])
})

test('an answer of our own never reaches the server, and the connection stays usable', async ({ pair, expect }) => {
  pair.proxy.plan = requestFault(
    { method: 'POST', nth: 1 },
    { kind: 'status', status: 429, headers: { 'Retry-After': '7' } },
  )
  const refused = await pair.ask('POST', 'data/abc', randomBytesOf('body', 300_000))
  expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '7' } })
  expect(pair.seen).toEqual([])
  expect(await pair.ask('POST', 'data/abc', Buffer.from('x'))).toMatchObject({ status: 201 })
})

test('when an answer is lost, the server has done what it was asked', async ({ pair, expect }) => {
  pair.proxy.plan = requestFault({ path: /data/ }, { kind: 'lost-answer' })
  await expect(pair.ask('POST', 'data/abc', Buffer.from('body'))).rejects.toMatchObject(RESET)
  expect(pair.seen).toMatchObject([{ method: 'POST', bytes: 4, whole: true }])
})

test('a cut upload reaches the server in part', async ({ pair, expect }) => {
  pair.proxy.plan = () => ({ kind: 'cut-upload', afterBytes: 70_000 })
  const upload = pair.ask('POST', 'data/abc', randomBytesOf('body', 3_000_000))
  await expect(upload).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) })
  while (pair.seen[0] === undefined || pair.seen[0].bytes < 70_000)
    await new Promise((resolve) => setImmediate(resolve))
  expect(pair.seen).toMatchObject([{ bytes: 70_000, whole: false }])
})

test.for([
  ['half of it', undefined, 50_000],
  ['nothing of it', 0, 0],
  ['all but a byte', 99_999, 99_999],
] as const)('a truncated answer promises all and holds %s', async ([, afterBytes, expected], { pair, expect }) => {
  pair.proxy.plan = () => ({ kind: 'truncated-answer', ...(afterBytes !== undefined && { afterBytes }) })
  const request = sendRequest(new URL('data/abc', pair.proxy.url))
  request.end()
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  let bytes = 0
  answer.on('data', (chunk: Buffer) => (bytes += chunk.length))
  const [error] = await once(answer, 'error')
  expect(error).toMatchObject(RESET)
  expect(answer.headers['content-length']).toBe('100000')
  expect(bytes).toBe(expected)
})

test('a corrupt answer differs in one byte', async ({ pair, expect }) => {
  pair.proxy.plan = requestFault({ nth: 2 }, { kind: 'corrupt-answer', atByte: 5 })
  expect((await pair.ask('GET', 'x')).body.equals(ANSWER)).toBe(true)
  const { body } = await pair.ask('GET', 'x')
  const wrong = [...body.keys()].filter((position) => body[position] !== ANSWER[position])
  expect([body.length, ...wrong]).toEqual([ANSWER.length, 5])
})

test('a delayed request arrives later than one that is not', async ({ pair, expect }) => {
  pair.proxy.plan = requestFault({ path: /slow/ }, { kind: 'delay', ms: 300 })
  const slow = pair.ask('GET', 'slow')
  await pair.ask('GET', 'quick')
  await slow
  expect(pair.seen.map(({ path }) => path)).toEqual(['/base/quick', '/base/slow'])
})

test('a server that is not there is a reset', async ({ expect }) => {
  await using proxy = await startHttpProxy({ target: new URL('http://127.0.0.1:1/') })
  const request = sendRequest(proxy.url)
  request.end()
  const [error] = await once(request, 'error')
  expect(error).toMatchObject(RESET)
})
