import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, test as base } from 'vitest'
import { openS3Backend, withRetry, type Backend, type RetryEvent } from '@hikae/engine'
import {
  collect,
  randomBytesOf,
  requestFault,
  skipBecause,
  startHttpProxy,
  startMiniflareR2,
  startRadosgw,
  startSwift,
  startTcpProxy,
  whyNoMiniflareR2,
  whyNoRadosgw,
  whyNoSwift,
  type S3Server,
  type HttpFault,
} from '@hikae/testkit'
import { BUCKET, placeOn } from './support/s3-place.ts'

const noRadosgw = skipBecause(await whyNoRadosgw())

const content = randomBytesOf('a pack', 4 * 1024 * 1024)
const name = createHash('sha256').update(content).digest('hex')

const test = base
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startRadosgw()
    onCleanup(() => server[Symbol.asyncDispose]())
    await server.makeBucket(BUCKET)
    return server
  })
  .extend('proxy', async ({ server }, { onCleanup }) => {
    const proxy = await startHttpProxy({ target: new URL(server.endpoint) })
    onCleanup(() => proxy[Symbol.asyncDispose]())
    return proxy
  })
  .extend('events', async () => [] as RetryEvent[])
  /** With retries that do not wait, as commands have them. */
  .extend('backend', async ({ server, proxy, events }, { onCleanup }) => {
    const backend = await openS3Backend(placeOn(server, { endpoint: proxy.url.href }))
    onCleanup(() => backend[Symbol.asyncDispose]())
    return retrying(backend, events)
  })

describe.skipIf(noRadosgw)('a write succeeds in the end, once', () => {
  test.for([
    ['an answer that is lost', { kind: 'lost-answer' }],
    ['an upload that is cut', { kind: 'cut-upload', afterBytes: 1_000_000 }],
    ['trouble of the server', { kind: 'status', status: 500 }],
    ['a server that restarts', { kind: 'status', status: 503 }],
    ['a gateway that waits in vain', { kind: 'status', status: 504 }],
    ['too many requests', { kind: 'status', status: 429 }],
  ] as const)('after %s', async ([, fault], { backend, proxy, events, expect }) => {
    proxy.plan = requestFault({ method: 'PUT', path: /\/data\//, nth: 1 }, fault)
    await backend.write('pack', name, content)
    expect(events).toHaveLength(1)
    expect(await collect(backend.list('pack'))).toEqual([{ name, size: content.length }])
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
  })

  test('after several troubles in a row, and not before the server says so', async ({
    backend,
    proxy,
    events,
    expect,
  }) => {
    const faults: HttpFault[] = [
      { kind: 'status', status: 503, headers: { 'retry-after': '600' } },
      { kind: 'lost-answer' },
    ]
    proxy.plan = ({ method }) => (method === 'PUT' ? faults.shift() : undefined)
    await backend.write('pack', name, content)
    expect(events.map(({ failures }) => failures)).toEqual([1, 2])
    expect(events[0]!.delayMs).toBe(600_000)
  })

  test('when the answer to the last step of a large one is lost', async ({ backend, proxy, events, expect }) => {
    const large = randomBytesOf('large', 65 * 1024 * 1024)
    const id = createHash('sha256').update(large).digest('hex')
    proxy.plan = requestFault({ method: 'POST', path: /uploadId=/ }, { kind: 'lost-answer' })
    await backend.write('pack', id, large)
    expect(events).toHaveLength(1)
    expect(await collect(backend.list('pack'))).toEqual([{ name: id, size: large.length }])
  })

  test('when a bit of it changes on the way, which the server notices', async ({ server, expect, onTestFinished }) => {
    const events: RetryEvent[] = []
    await using plain = await openS3Backend(
      placeOn(server, { endpoint: await spoilingOneUpload(server.endpoint, onTestFinished) }),
    )
    const backend = retrying(plain, events)
    await backend.write('pack', name, content)
    expect(events).toHaveLength(1)
    expect(events[0]!.error.message).toContain('damaged on its way')
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
  })
})

const servers: readonly {
  name: string
  start: () => Promise<S3Server>
  whyNot: string | undefined
  region?: string
}[] = [
  { name: 'radosgw', start: startRadosgw, whyNot: await whyNoRadosgw() },
  { name: 'Swift', start: startSwift, whyNot: await whyNoSwift() },
  {
    name: "Cloudflare's simulator of R2",
    start: () => startMiniflareR2(BUCKET),
    whyNot: await whyNoMiniflareR2(),
    region: 'auto',
  },
]

for (const { name: serverName, start, whyNot, ...options } of servers) {
  test.skipIf(skipBecause(whyNot))(
    `${serverName} notices a bit that changes on the way to a file that is named by its content`,
    async ({ expect, onTestFinished }) => {
      await using own = await start()
      await own.makeBucket(BUCKET)
      const events: RetryEvent[] = []
      const endpoint = await spoilingOneUpload(own.endpoint, onTestFinished)
      await using plain = await openS3Backend(placeOn(own, { endpoint, ...options }))
      const backend = retrying(plain, events)
      const lock = randomBytesOf('a lock', 200)
      const lockName = createHash('sha256').update(lock).digest('hex')
      await backend.write('lock', lockName, lock, { isNamedByContent: true })
      expect(Buffer.compare(await backend.read('lock', lockName), lock)).toBe(0)
      const pack = content.subarray(0, 100_000)
      const packName = createHash('sha256').update(pack).digest('hex')
      await backend.write('pack', packName, pack, { isNamedByContent: true })
      expect(events.map(({ error }) => error.message)).toEqual([expect.stringContaining('damaged on its way')])
      expect(Buffer.compare(await backend.read('pack', packName), pack)).toBe(0)
    },
  )
}

describe.skipIf(noRadosgw)('a read is whole or fails', () => {
  test.for([
    ['an answer that ends early', { kind: 'truncated-answer', afterBytes: 1_000_000 }],
    ['an answer that is lost', { kind: 'lost-answer' }],
    ['trouble of the server', { kind: 'status', status: 500 }],
  ] as const)('and is repeated after %s', async ([, fault], { backend, proxy, events, expect }) => {
    await backend.write('pack', name, content)
    proxy.plan = requestFault({ method: 'GET', nth: 1 }, fault)
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
    proxy.plan = requestFault({ method: 'GET', nth: 1 }, fault)
    const part = await backend.read('pack', name, { offset: 5, length: 2_500_000 })
    expect(Buffer.compare(part, content.subarray(5, 2_500_005))).toBe(0)
    expect(events.map(({ operation }) => operation)).toEqual(['read', 'read'])
  })

  test('and so are measuring, listing and removing', async ({ backend, proxy, events, expect }) => {
    await backend.write('index', name, content)
    const once = (method: string) => requestFault({ method, nth: 1 }, { kind: 'status', status: 503 })
    proxy.plan = once('HEAD')
    expect(await backend.size('index', name)).toBe(content.length)
    proxy.plan = once('GET')
    expect(await collect(backend.list('index'))).toHaveLength(1)
    proxy.plan = requestFault({ method: 'DELETE', nth: 1 }, { kind: 'lost-answer' })
    await backend.remove('index', name)
    expect(await collect(backend.list('index'))).toEqual([])
    expect(events.map(({ operation }) => operation)).toEqual(['size', 'list', 'remove'])
  })
})

describe.skipIf(noRadosgw)('a bad network', () => {
  test('that cuts every connection now and then delays, and damages nothing', async ({ server, expect }) => {
    const { hostname: host, port } = new URL(server.endpoint)
    await using network = await startTcpProxy({
      target: { host, port: Number(port) },
      faults: { cutAfterBytes: 6_000_000 },
    })
    const events: RetryEvent[] = []
    await using plain = await openS3Backend(placeOn(server, { endpoint: `http://127.0.0.1:${network.port}` }))
    const backend = retrying(plain, events)
    const contents = Array.from({ length: 6 }, (_, number) => randomBytesOf(number, 4 * 1024 * 1024))
    const ids = contents.map((each) => createHash('sha256').update(each).digest('hex'))
    await Promise.all(contents.map((each, index) => backend.write('pack', ids[index]!, each)))
    for (const [index, id] of ids.entries()) {
      expect(Buffer.compare(await backend.read('pack', id), contents[index]!)).toBe(0)
    }
    expect(events.length).toBeGreaterThan(0)
    expect((await collect(backend.list('pack'))).map((file) => file.name).sort()).toEqual([...ids].sort())
  })

  test('that goes silent is given up', async ({ server, expect }) => {
    const { hostname: host, port } = new URL(server.endpoint)
    await using network = await startTcpProxy({
      target: { host, port: Number(port) },
      faults: { stallAfterBytes: 1_000_000 },
    })
    const endpoint = `http://127.0.0.1:${network.port}`
    await using backend = await openS3Backend(placeOn(server, { endpoint, http: { stuckAfterMs: 300 } }))
    const stuck = { transient: true, message: expect.stringContaining('nothing was sent or received') }
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(stuck)
    network.cutAll()
    network.faults = {}
    await backend.write('pack', name, content)
  })

  test('with nobody at the other end', async ({ expect }) => {
    const keys = { accessKeyId: 'a', secretAccessKey: 'b' }
    const at = (endpoint: string) => openS3Backend({ endpoint, bucket: BUCKET, prefix: '', credentials: keys })
    await using refusing = await at('http://127.0.0.1:9')
    await expect(refusing.read('config', '')).rejects.toMatchObject({
      message: expect.stringContaining('refused'),
      transient: true,
    })
    await using nameless = await at('http://hikae.invalid')
    await expect(nameless.read('config', '')).rejects.toMatchObject({ code: 'BACKEND' })
  })
})

/** A proxy that changes the first body that it passes on. @returns its address */
async function spoilingOneUpload(target: string, later: (close: () => void) => void): Promise<string> {
  let spoiled = false
  const pass = async (asked: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, url, headers } = asked
    const body = await buffer(asked)
    if (body.length > 1000 && !spoiled) {
      spoiled = true
      body[1000] = body[1000]! ^ 1
    }
    const upstream = request(new URL(url!, target), { method: method!, headers })
    upstream.end(body)
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
    response.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(response)
  }
  const proxy = createServer((asked, response) => void pass(asked, response).catch(() => response.destroy()))
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  later(() => void proxy.close())
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${new URL(target).pathname}`
}

function retrying(backend: Backend, events: RetryEvent[]): Backend {
  return withRetry(backend, { sleep: async () => undefined, onRetry: (event) => void events.push(event) })
}
