import { connect } from 'node:net'
import { describe, test as base } from 'vitest'
import { Bandwidth, InvalidInputError } from '@hikae/engine'
import { makeCertificates, missingPrograms, randomBytesOf, skipBecause, startHttpServer } from '@hikae/testkit'
import { HttpClient } from '../src/backend/http/http-client.ts'
import { explainTransport } from '../src/backend/http/http-error.ts'
import { discardBody, readBody, type HttpResponse } from '../src/backend/http/http-message.ts'
import type { HttpOptions } from '../src/backend/http/http-options.ts'
import { TransportError } from '../src/backend/http/transport-error.ts'

const CONTEXT = { doing: 'try', location: 'a place' }
const KIB = 1024

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('client', async ({}, { onCleanup }) => {
    const clients: HttpClient[] = []
    onCleanup(async () => {
      for (const client of clients) await client[Symbol.asyncDispose]()
    })
    return (options: Partial<HttpOptions> = {}) => {
      const client = new HttpClient({ connections: 2, ...options })
      clients.push(client)
      return client
    }
  })
  .extend('certificates', { scope: 'file' }, async ({}, { onCleanup }) => {
    const certificates = await makeCertificates()
    onCleanup(() => certificates[Symbol.asyncDispose]())
    return certificates
  })
// oxlint-enable no-empty-pattern

describe('requests', () => {
  test('headers and body arrive, and so does the answer', async ({ client, expect }) => {
    await using server = await startHttpServer(async (request, response) => {
      const body = await collected(request)
      response.writeHead(201, { 'X-Two': ['a', 'b'] })
      response.end([request.method, request.url, request.headers['x-one'], body].join(' '))
    })
    const url = new URL('folder/file?create=true', server.url)
    const headers = { 'X-One': '1' }
    const response = await client().send({ method: 'POST', url, headers, body: Buffer.from('content') })
    expect(response).toMatchObject({ status: 201, headers: { 'x-two': 'a, b' } })
    expect(await textOf(response)).toBe('POST /folder/file?create=true 1 content')
  })

  test('user and password in an address are not sent', async ({ client, expect }) => {
    await using server = await startHttpServer((request, response) => response.end(request.headers.authorization))
    const url = new URL(server.url)
    url.username = 'me'
    url.password = 'secret'
    expect(await textOf(await client().send({ method: 'GET', url }))).toBe('')
  })

  test('one connection serves requests after each other, and no more than allowed serve many at once', async ({
    client,
    expect,
  }) => {
    const waiting: (() => void)[] = []
    await using server = await startHttpServer(({ url }, response) => {
      waiting.push(() => response.setHeader('Content-Length', 2).end('ok'))
      // Those in pairs are answered when both are there, and would hang if they came one by one.
      if (url === '/alone' || waiting.length === 2) for (const answer of waiting.splice(0)) answer()
    })
    const two = client({ connections: 2 })
    const url = new URL('alone', server.url)
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE', 'GET']) await discardBody(await two.send({ method, url }))
    expect(server.connections).toBe(1)
    const paired = { method: 'GET', url: new URL('paired', server.url) }
    await Promise.all(Array.from({ length: 12 }, async () => discardBody(await two.send(paired))))
    expect(server.connections).toBe(2)
  })

  test('what was read belongs to the reader alone', async ({ client, expect }) => {
    await using server = await startHttpServer((_, response) => response.end('content'))
    const content = await readBody(await client().send({ method: 'GET', url: new URL(server.url) }))
    expect(content.byteLength).toBe(content.buffer.byteLength)
  })
})

describe('limits', () => {
  test('a limited upload asks for every piece, and arrives whole; a limited download reports all it got', async ({
    client,
    expect,
  }) => {
    const content = randomBytesOf('paced', 1_000_000)
    await using server = await startHttpServer(async (request, response) => {
      const body = await collected(request)
      response.end(body)
    })
    const waits: number[] = []
    const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) }
    const bandwidth = new Bandwidth({ uploadBytesPerSecond: 64 * KIB, downloadBytesPerSecond: 64 * KIB }, clock)
    const response = await client({ bandwidth }).send({ method: 'POST', url: new URL(server.url), body: content })
    const uploadWaits = waits.length
    expect(waits.at(-1)).toBe((uploadWaits * 64 * KIB) / 64 / 1.024)
    expect(uploadWaits).toBe(Math.ceil(content.length / (64 * KIB)) - 1)
    expect(Buffer.compare(await readBody(response), content)).toBe(0)
    expect(waits.length).toBeGreaterThan(uploadWaits)
  })

  test('waiting for the limit does not count as being stuck', async ({ client, expect }) => {
    await using server = await startHttpServer(async (request, response) => {
      response.end(String((await collected(request)).length))
    })
    const sleep = async (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 250))
    const bandwidth = new Bandwidth({ uploadBytesPerSecond: 1 }, { now: () => 0, sleep })
    const limited = client({ bandwidth, stuckAfterMs: 100 })
    const body = Buffer.alloc(3 * 64 * KIB)
    expect(await textOf(await limited.send({ method: 'POST', url: new URL(server.url), body }))).toBe('196608')
  })

  test('an answer that comes before the end of a limited upload ends the upload', async ({ client, expect }) => {
    await using server = await startHttpServer((_, response) => response.writeHead(403).end('no'))
    const pieces = { sent: 0 }
    const clock = {
      now: () => 0,
      sleep: async (): Promise<void> => {
        pieces.sent++
        await new Promise((resolve) => void setTimeout(resolve, 5))
      },
    }
    const limited = client({ bandwidth: new Bandwidth({ uploadBytesPerSecond: 1 }, clock) })
    const body = Buffer.alloc(64 * 1024 * KIB)
    const response = await limited.send({ method: 'POST', url: new URL(server.url), body })
    expect(response.status).toBe(403)
    expect(await textOf(response)).toBe('no')
    expect(pieces.sent).toBeLessThan(1000)
  })
})

describe('trouble', () => {
  test('a server that is silent is given up', async ({ client, expect }) => {
    await using server = await startHttpServer(() => undefined)
    const send = client({ stuckAfterMs: 50 }).send({ method: 'GET', url: new URL(server.url) })
    const error = await send.then(String, (error: unknown) => error)
    expect(error).toMatchObject({ code: 'STUCK' })
    expect(explainTransport(error, CONTEXT)).toMatchObject({ transient: true })
  })

  test('a server that stops reading in the middle of one large upload is given up', async ({ client, expect }) => {
    await using server = await startHttpServer((request) => void request.socket.pause())
    const body = Buffer.alloc(64 * 1024 * KIB)
    const send = client({ stuckAfterMs: 200 }).send({ method: 'POST', url: new URL(server.url), body })
    await expect(send).rejects.toMatchObject({ code: 'STUCK' })
  })

  test('a server that falls silent in the middle of an answer is given up', async ({ client, expect }) => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 }).write('beginning')
    })
    const response = await client({ stuckAfterMs: 50 }).send({ method: 'GET', url: new URL(server.url) })
    await expect(readBody(response)).rejects.toMatchObject({ code: 'STUCK' })
  })

  test('a slow server is not: any progress counts', async ({ client, expect }) => {
    await using server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'Content-Length': 8 })
      let sent = 0
      const timer = setInterval(() => {
        response.write('x')
        if (++sent === 8) clearInterval(timer)
      }, 100)
    })
    const patient = client({ stuckAfterMs: 500 })
    expect(await textOf(await patient.send({ method: 'GET', url: new URL(server.url) }))).toBe('xxxxxxxx')
  })

  test.for(['a length', 'chunks'])(
    'an answer with %s that is cut is not taken for whole',
    async (how, { client, expect }) => {
      await using server = await startHttpServer((_, response) => {
        if (how === 'a length') response.writeHead(200, { 'Content-Length': 1000 })
        response.write('beginning', () => response.socket?.destroy())
      })
      const response = await client().send({ method: 'GET', url: new URL(server.url) })
      const error = await readBody(response).then(String, (error: unknown) => error)
      expect(explainTransport(error, CONTEXT)).toMatchObject({ transient: true, code: 'BACKEND' })
    },
  )

  test('an answer of another length than expected is refused before it is read', async ({ client, expect }) => {
    await using server = await startHttpServer((_, response) => response.end('12345'))
    const url = new URL(server.url)
    const short = readBody(await client().send({ method: 'GET', url }), { expectedBytes: 6 })
    await expect(short).rejects.toMatchObject({ code: 'CUT_SHORT' })
    const long = readBody(await client().send({ method: 'GET', url }), { expectedBytes: 4 })
    await expect(long).rejects.toMatchObject({ code: 'TOO_LONG' })
  })

  test('an answer without an announced length is measured as well', async ({ client, expect }) => {
    await using server = await startHttpServer((_, response) => {
      response.write('123')
      response.end('45')
    })
    const url = new URL(server.url)
    for (const [expectedBytes, code] of [
      [6, 'CUT_SHORT'],
      [4, 'TOO_LONG'],
    ] as const) {
      const read = readBody(await client().send({ method: 'GET', url }), { expectedBytes })
      await expect(read).rejects.toMatchObject({ code })
    }
    expect(await textOf(await client().send({ method: 'GET', url }))).toBe('12345')
  })

  test('a connection that is cut or refused is trouble that may pass', async ({ client, expect }) => {
    const gone = await startHttpServer((request) => request.socket.destroy())
    const url = new URL(gone.url)
    const cut = await failure(client().send({ method: 'POST', url, body: Buffer.alloc(1_000_000) }))
    expect(explainTransport(cut, CONTEXT)).toMatchObject({ transient: true, message: /cut/ })
    await gone[Symbol.asyncDispose]()
    const refused = await failure(client().send({ method: 'GET', url }))
    expect(explainTransport(refused, CONTEXT)).toMatchObject({ transient: true, message: /refused/ })
  })

  test('a host that does not exist is not', async ({ client, expect }) => {
    const error = await failure(client().send({ method: 'GET', url: new URL('http://nowhere.invalid/') }))
    // A machine without any name server says that the lookup may be tried again.
    expect(explainTransport(error, CONTEXT)?.message).toMatch(/no such host|cannot be looked up/)
  })

  test('what is no HTTP is named as such', async ({ client, expect }) => {
    await using server = await startHttpServer((request) => request.socket.end('SSH-2.0-OpenSSH_9.2p1\r\n'))
    const error = await failure(client().send({ method: 'GET', url: new URL(server.url) }))
    expect(explainTransport(error, CONTEXT)).toMatchObject({ transient: false, message: /protocol/ })
  })
})

describe('aborting', () => {
  test('an aborted request ends at every stage with the reason', async ({ client, expect }) => {
    const reason = new Error('enough')
    const stages = { reached: (): void => undefined }
    await using server = await startHttpServer((request, response) => {
      if (request.url === '/silent') stages.reached()
      else response.writeHead(200, { 'Content-Length': 1000 }).write('beginning')
    })
    const aborting = client()
    const before = aborting.send({ method: 'GET', url: new URL(server.url), signal: AbortSignal.abort(reason) })
    await expect(before).rejects.toBe(reason)
    expect(server.connections).toBe(0)

    const waiting = new AbortController()
    stages.reached = () => waiting.abort(reason)
    const url = new URL('silent', server.url)
    await expect(aborting.send({ method: 'GET', url, signal: waiting.signal })).rejects.toBe(reason)

    const reading = new AbortController()
    const { signal } = reading
    const response = await aborting.send({ method: 'GET', url: new URL(server.url), signal })
    const read = (async () => {
      for await (const part of response.body) {
        expect(Buffer.from(part).toString()).toBe('beginning')
        reading.abort(reason)
      }
    })()
    await expect(read).rejects.toBe(reason)
  })

  test('a request that waits for a free connection can be aborted', async ({ client, expect }) => {
    await using server = await startHttpServer(() => undefined)
    const busy = client({ connections: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const url = new URL(server.url)
    const running = failure(busy.send({ method: 'GET', url, signal: first.signal }))
    const queued = failure(busy.send({ method: 'GET', url, signal: second.signal }))
    second.abort('second')
    expect(await queued).toBe('second')
    first.abort('first')
    expect(await running).toBe('first')
  })

  test('an aborted upload does not reach its end', async ({ client, expect }) => {
    const arrived = { whole: false, bytes: 0 }
    const closed = Promise.withResolvers<void>()
    const controller = new AbortController()
    await using server = await startHttpServer((request) => {
      request.on('data', (part: Buffer) => {
        arrived.bytes += part.length
        controller.abort('enough')
      })
      request.on('error', () => undefined)
      request.on('close', () => {
        arrived.whole = request.complete
        closed.resolve()
      })
    })
    const body = Buffer.alloc(64 * 1024 * KIB)
    const send = client().send({ method: 'POST', url: new URL(server.url), body, signal: controller.signal })
    expect(await failure(send)).toBe('enough')
    await closed.promise
    expect(arrived.whole).toBe(false)
    expect(arrived.bytes).toBeLessThan(body.length)
  })
})

const noOpenssl = skipBecause(await missingPrograms('openssl'))

describe.skipIf(noOpenssl)('TLS', () => {
  test('a server is trusted for its authority, and by nobody else', async ({ client, certificates, expect }) => {
    const { authority, server: own } = certificates
    const tls = { key: own.key, cert: own.certificate }
    await using server = await startHttpServer((_, response) => response.end('secure'), { tls })
    const url = new URL(server.url)
    expect(await textOf(await client({ ca: authority.certificate }).send({ method: 'GET', url }))).toBe('secure')
    expect(await textOf(await client({ insecureTls: true }).send({ method: 'GET', url }))).toBe('secure')
    const error = explainTransport(await failure(client().send({ method: 'GET', url })), CONTEXT)
    expect(error).toMatchObject({ transient: false, hint: /--cacert/ })
  })

  test('a certificate for another name is refused', async ({ client, certificates, expect }) => {
    const { authority } = certificates
    const tls = { key: authority.key, cert: authority.certificate }
    await using server = await startHttpServer((_, response) => response.end('secure'), { tls })
    const send = client({ ca: authority.certificate }).send({ method: 'GET', url: new URL(server.url) })
    const error = explainTransport(await failure(send), CONTEXT)
    expect(error).toMatchObject({ transient: false, message: /ERR_TLS_CERT_ALTNAME_INVALID/, hint: /use the name/ })
  })

  test('a server that asks for a certificate gets it', async ({ client, certificates, expect }) => {
    const { authority, server: own, client: mine } = certificates
    const tls = { key: own.key, cert: own.certificate, ca: authority.certificate, requestCert: true }
    await using server = await startHttpServer((_, response) => response.end('known'), { tls })
    const url = new URL(server.url)
    const clientCertificate = mine.certificate + mine.key
    const known = client({ ca: authority.certificate, clientCertificate })
    expect(await textOf(await known.send({ method: 'GET', url }))).toBe('known')
    const unknown = await failure(client({ ca: authority.certificate }).send({ method: 'GET', url }))
    const explained = explainTransport(unknown, CONTEXT)
    expect(explained?.message).toMatch(/client certificate|was cut/)
  })

  test('one connection is kept with TLS too, and takes a large upload', async ({ client, certificates, expect }) => {
    const { authority, server: own } = certificates
    const tls = { key: own.key, cert: own.certificate }
    await using server = await startHttpServer(
      async (request, response) => response.end(String((await collected(request)).length)),
      { tls },
    )
    const secure = client({ ca: authority.certificate })
    for (let turn = 0; turn < 3; turn++) {
      const body = Buffer.alloc(8_000_000, turn)
      expect(await textOf(await secure.send({ method: 'POST', url: new URL(server.url), body }))).toBe('8000000')
    }
    expect(server.connections).toBe(1)
  })

  test('certificates that are none are refused before anything is sent', async ({ client, certificates, expect }) => {
    const send = async (options: Partial<HttpOptions>): Promise<HttpResponse> =>
      client(options).send({ method: 'GET', url: new URL('https://localhost:1/') })
    await expect(send({ ca: 'no certificate' })).rejects.toBeInstanceOf(InvalidInputError)
    await expect(send({ clientCertificate: 'none' })).rejects.toBeInstanceOf(InvalidInputError)
    const { certificate } = certificates.client
    await expect(send({ clientCertificate: certificate })).rejects.toBeInstanceOf(InvalidInputError)
  })

  test('plain HTTP to a server with TLS, and the reverse, are named as such', async ({
    client,
    certificates,
    expect,
  }) => {
    const { server: own } = certificates
    await using plain = await startHttpServer((_, response) => response.end())
    const toPlain = await failure(client().send({ method: 'GET', url: new URL(plain.url.replace('http:', 'https:')) }))
    expect(explainTransport(toPlain, CONTEXT)).toMatchObject({ transient: false, hint: /https:/ })
    await using secure = await startHttpServer(() => undefined, { tls: { key: own.key, cert: own.certificate } })
    const toSecure = await failure(
      client().send({ method: 'GET', url: new URL(secure.url.replace('https:', 'http:')) }),
    )
    expect(explainTransport(toSecure, CONTEXT)).toBeDefined()
  })
})

describe('proxies', () => {
  test('requests go through the proxy of the environment, but for the hosts that it excepts', async ({
    client,
    expect,
  }) => {
    await using server = await startHttpServer((_, response) => response.end('direct'))
    await using proxy = await startHttpServer((request, response) => response.end(`through the proxy: ${request.url}`))
    const url = new URL(server.url)
    const proxied = client({ proxyEnvironment: { HTTP_PROXY: proxy.url } })
    expect(await textOf(await proxied.send({ method: 'GET', url }))).toBe(`through the proxy: ${server.url}`)
    const excepted = client({ proxyEnvironment: { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } })
    expect(await textOf(await excepted.send({ method: 'GET', url }))).toBe('direct')
  })

  test.skipIf(noOpenssl)('TLS goes through it unopened', async ({ client, certificates, expect }) => {
    const { authority, server: own } = certificates
    const tls = { key: own.key, cert: own.certificate }
    await using server = await startHttpServer((_, response) => response.end('secure'), { tls })
    const asked: string[] = []
    await using proxy = await startHttpServer(() => undefined)
    proxy.server.on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      const onward = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
      })
    })
    const proxied = client({ ca: authority.certificate, proxyEnvironment: { HTTPS_PROXY: proxy.url } })
    expect(await textOf(await proxied.send({ method: 'GET', url: new URL(server.url) }))).toBe('secure')
    expect(asked).toEqual([`127.0.0.1:${server.port}`])
  })

  test('a proxy that refuses is named, without its password', async ({ client, expect }) => {
    await using proxy = await startHttpServer(() => undefined)
    proxy.server.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
    const address = proxy.url.replace('//', '//me:secret@')
    const proxied = client({ proxyEnvironment: { HTTPS_PROXY: address } })
    const error = await failure(proxied.send({ method: 'GET', url: new URL('https://nowhere.invalid/') }))
    const explained = explainTransport(error, CONTEXT)
    expect(explained).toMatchObject({ transient: false, message: /proxy/, hint: /HTTPS_PROXY/ })
    expect(String(explained)).not.toContain('secret')
  })
})

test('an upload that the server answers early and cuts is an answer', async ({ client, expect }) => {
  await using server = await startHttpServer((request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too large')
    response.on('finish', () => request.socket.end())
  })
  const body = Buffer.alloc(64 * 1024 * KIB)
  const response = await client().send({ method: 'POST', url: new URL(server.url), body })
  expect(response.status).toBe(413)
})

test('an error that nobody knows is not explained away', ({ expect }) => {
  expect(explainTransport(new TypeError('a bug'), CONTEXT)).toBeUndefined()
  expect(explainTransport(new TransportError('CUT_SHORT', 'cut'), CONTEXT)).toBeDefined()
})

async function collected(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts)
}

async function textOf(response: HttpResponse): Promise<string> {
  return Buffer.from(await readBody(response)).toString()
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
