import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  FileExistsError,
  FileMissingError,
  InvalidInputError,
  KnownError,
  openRestBackend,
  withRetry,
  type RestOptions,
} from '@hikae/engine'
import {
  collect,
  describeBackend,
  makeCertificates,
  makeTempDir,
  missingPrograms,
  randomBytesOf,
  skipBecause,
  startHttpServer,
  startRcloneRest,
  startRestServer,
  type ContractSubject,
  type RestFault,
  type RestServerOptions,
} from '@hikae/testkit'
import { fileAt } from '../src/backend/layout.ts'
import { sha256Id } from '../src/crypto/hash.ts'
import { tryWholeRepository, whyNotWhole } from './support/whole-repository.ts'

const noRclone = skipBecause(await missingPrograms('rclone'))
const noOpenssl = skipBecause(await missingPrograms('openssl'))
const notWhole = skipBecause(whyNotWhole())

const EVERY_KIND = ['config', 'key', 'lock', 'snapshot', 'index', 'pack'] as const

/** A repository on a server of the protocol that does everything right. */
async function onStrictServer(options: RestServerOptions = {}): Promise<ContractSubject> {
  await using owned = new AsyncDisposableStack()
  const server = owned.use(await startRestServer(options))
  const backend = owned.use(await openRestBackend({ url: server.url }))
  const stack = owned.move()
  return {
    backend,
    removesUnseen: EVERY_KIND,
    addStray: async (kind, name) => {
      const path = kind === 'pack' ? `data/${name}` : fileAt('', kind, name)
      server.files.set(path, Buffer.from('stray'))
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function behindRclone(): Promise<ContractSubject> {
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const server = owned.use(await startRcloneRest({ folder: dir.path }))
  const backend = owned.use(await openRestBackend({ url: server.url }))
  const stack = owned.move()
  return {
    backend,
    writesInPlace: true,
    addStray: async (kind, name) => {
      const path = fileAt(dir.path, kind, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, 'stray')
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

describeBackend('REST on a strict server', onStrictServer)
describeBackend('REST with lists of version 1', () => onStrictServer({ version: 1 }))
describe.skipIf(noRclone)('against rclone', () => {
  describeBackend('REST', behindRclone)
})

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('owned', async ({}, { onCleanup }) => {
    const owned = new AsyncDisposableStack()
    onCleanup(() => owned.disposeAsync())
    return owned
  })
  .extend('startServer', async ({ owned }) => {
    return async (options?: RestServerOptions) => owned.use(await startRestServer(options))
  })
  .extend('open', async ({ owned }) => {
    return async (options: RestOptions) => owned.use(await openRestBackend(options))
  })
  /** The same, with retries that do not wait; what was waited for is in `delays`. */
  .extend('openPatient', async ({ open }) => {
    return async (options: RestOptions) => {
      const delays: number[] = []
      const sleep = async (ms: number): Promise<void> => void delays.push(ms)
      return { delays, backend: withRetry(await open(options), { sleep, random: () => 1 }) }
    }
  })
// oxlint-enable no-empty-pattern

const content = randomBytesOf('pack', 300_000)
const name = sha256Id(content)

/** Faults for the first requests that match, in this order. */
function firstOf(pattern: RegExp, ...faults: readonly RestFault[]): (request: string) => RestFault | undefined {
  const left = [...faults]
  return (request) => (pattern.test(request) ? left.shift() : undefined)
}

describe('a server that misbehaves', () => {
  test.for<[string, RegExp, RestFault[]]>([
    ['errors', /./, [{ status: 500 }, { status: 502 }, { status: 503 }]],
    ['lost answers', /POST data|DELETE/, ['lost', 'lost']],
    ['lost answers to everything', /./, ['lost']],
    ['truncated answers', /GET/, ['truncated', 'truncated']],
  ])('is asked again until it behaves: %s', async ([, pattern, faults], { startServer, openPatient, expect }) => {
    const server = await startServer()
    const { backend } = await openPatient({ url: server.url })
    for (const operation of [
      () => backend.create(),
      () => backend.write('pack', name, content),
      async () => expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0),
      async () =>
        expect(Buffer.from(await backend.read('pack', name, { offset: 7, length: 5 }))).toEqual(
          content.subarray(7, 12),
        ),
      async () => expect(await backend.size('pack', name)).toBe(content.length),
      async () => expect(await collect(backend.list('pack'))).toEqual([{ name, size: content.length }]),
      () => backend.remove('pack', name),
    ]) {
      server.misbehave = firstOf(pattern, ...faults)
      await operation()
    }
    expect(server.files.size).toBe(0)
  })

  test('is not asked before the time that it names', async ({ startServer, openPatient, expect }) => {
    const server = await startServer()
    server.misbehave = firstOf(/HEAD/, { status: 429, headers: { 'retry-after': '17' } }, { status: 503 })
    const { backend, delays } = await openPatient({ url: server.url })
    await expect(backend.size('config', '')).rejects.toBeInstanceOf(FileMissingError)
    expect(delays).toEqual([17_000, 2000])
  })

  test('is given up when it is silent, and that may pass', async ({ startServer, open, expect }) => {
    const server = await startServer()
    server.misbehave = () => 'silent'
    const backend = await open({ url: server.url, http: { stuckAfterMs: 50 } })
    for (const call of [backend.create(), backend.write('pack', name, content), backend.read('pack', name)]) {
      await expect(call).rejects.toMatchObject({ code: 'BACKEND', transient: true, message: /nothing was sent/ })
    }
  })

  test('may be restarted in between', async ({ startServer, open, expect }) => {
    const first = await startServer()
    const backend = await open({ url: first.url })
    await backend.write('pack', name, content)
    await first[Symbol.asyncDispose]()
    await expect(backend.size('pack', name)).rejects.toMatchObject({ transient: true })
    await startServer({ port: first.port, files: first.files })
    expect(await backend.size('pack', name)).toBe(content.length)
  })

  test('that ignores ranges is understood all the same', async ({ owned, open, expect }) => {
    const server = owned.use(await startHttpServer((_, response) => response.end('0123456789')))
    const backend = await open({ url: server.url })
    expect(Buffer.from(await backend.read('pack', name, { offset: 3, length: 4 })).toString()).toBe('3456')
    const past = backend.read('pack', name, { offset: 8, length: 4 })
    await expect(past).rejects.toMatchObject({ code: 'RANGE_OUTSIDE_FILE' })
  })

  test('that answers with something else is not believed', async ({ owned, open, expect }) => {
    const headers = { 'content-range': 'bytes 0-3/10', 'content-length': '4' }
    const server = owned.use(
      await startHttpServer(({ method }, response) => {
        if (method === 'HEAD') response.writeHead(200, { 'transfer-encoding': 'chunked' }).end()
        else response.writeHead(206, headers).end('0123')
      }),
    )
    const backend = await open({ url: server.url })
    const notThere = { code: 'BACKEND', transient: false, hint: /REST server/ }
    await expect(backend.read('pack', name, { offset: 3, length: 4 })).rejects.toMatchObject(notThere)
    await expect(backend.size('pack', name)).rejects.toMatchObject(notThere)
    await expect(collect(backend.list('pack'))).rejects.toMatchObject(notThere)
  })
})

describe('refusals', () => {
  test('say what to do', async ({ startServer, open, expect }) => {
    const server = await startServer()
    const backend = await open({ url: server.url })
    const refused = async (status: number, call: () => Promise<unknown>, expected: object): Promise<void> => {
      server.misbehave = () => ({ status })
      await expect(call()).rejects.toMatchObject({ code: 'BACKEND', transient: false, ...expected })
    }
    const write = () => backend.write('pack', name, content)
    await refused(413, write, { hint: /client_max_body_size/ })
    await refused(507, write, { message: /no space left/ })
    await refused(401, write, { hint: /RESTIC_REST_USERNAME/ })
    await refused(301, () => backend.size('config', ''), { hint: /address/ })
    await refused(405, () => backend.create(), { message: /cannot do that/ })
  })

  test('of an append-only server are told from files that exist', async ({ startServer, open, expect }) => {
    const server = await startServer({ appendOnly: true })
    const backend = await open({ url: server.url })
    await backend.write('pack', name, content)
    await backend.write('lock', name, content)
    await expect(backend.write('pack', name, content)).rejects.toBeInstanceOf(FileExistsError)
    const refused = { code: 'BACKEND', transient: false, hint: /append-only: run forget and prune on the server/ }
    await expect(backend.remove('pack', name)).rejects.toMatchObject(refused)
    await expect(backend.write('pack', name, content, { replace: true })).rejects.toMatchObject(refused)
    await backend.remove('lock', name)
    server.misbehave = (request) => (request.startsWith('POST') ? { status: 403 } : undefined)
    const other = sha256Id(Buffer.from('other'))
    await expect(backend.write('pack', other, Buffer.from('other'))).rejects.toMatchObject({ code: 'BACKEND' })
    expect([...server.files.keys()]).toEqual([`data/${name}`])
  })

  test('of content that does not have its name: damage on the way may pass, a wrong name does not', async ({
    startServer,
    open,
    expect,
  }) => {
    const server = await startServer({ verifiesNames: true })
    const backend = await open({ url: server.url })
    const wrong = backend.write('pack', name, Buffer.from('other'))
    await expect(wrong).rejects.toMatchObject({ transient: false, message: /400/ })
    server.misbehave = firstOf(/POST/, { status: 400 })
    await expect(backend.write('pack', name, content)).rejects.toMatchObject({ transient: true, message: /damaged/ })
    await backend.write('pack', name, content)
  })
})

describe('credentials', () => {
  test('open the server, and wrong ones are never shown', async ({ startServer, open, expect }) => {
    const server = await startServer({ user: 'me', password: 'pässword' })
    const { url } = server
    await (await open({ url, username: 'me', password: 'pässword' })).create()
    for (const credentials of [{ username: 'me', password: 'secret' }, { username: 'me' }, {}]) {
      const backend = await open({ url, ...credentials })
      const error = await backend.create().then(String, (error: unknown) => error)
      expect(error).toMatchObject({ code: 'BACKEND', transient: false, message: /credentials/ })
      expect(`${String(error)} ${(error as KnownError).hint}`).not.toMatch(/secret|Basic/)
    }
  })

  test('and addresses that make no sense are refused at once', async ({ open, expect }) => {
    for (const options of [
      { url: 'host/path' },
      { url: 'ftp://host/path' },
      { url: 'https://me:secret@host/' },
      { url: 'https://host/?path' },
      { url: 'https://host/', password: 'secret' },
      { url: 'https://host/', username: 'me:you' },
    ]) {
      const error = await open(options).then(String, (error: unknown) => error)
      expect(error).toBeInstanceOf(InvalidInputError)
      expect(String(error)).not.toContain('secret')
    }
    expect((await open({ url: 'https://host/path' })).location).toBe('rest:https://host/path/')
  })

  test.skipIf(noRclone || noOpenssl)('travel over TLS', async ({ owned, open, expect }) => {
    const { authority, server: own } = owned.use(await makeCertificates())
    const dir = owned.use(await makeTempDir())
    const credentials = { user: 'me', password: 'secret' }
    const server = owned.use(await startRcloneRest({ folder: dir.path, ...credentials, tls: own }))
    const options = { url: server.url, username: 'me', password: 'secret' }
    const backend = await open({ ...options, http: { ca: authority.certificate } })
    await backend.create()
    await backend.write('pack', name, content)
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
    await expect((await open(options)).create()).rejects.toMatchObject({ transient: false, hint: /--cacert/ })
  })
})

describe('what rclone does differently', () => {
  test.skipIf(noRclone)('the part of a file that an upload left behind gives way', async ({ owned, open, expect }) => {
    const dir = owned.use(await makeTempDir())
    const server = owned.use(await startRcloneRest({ folder: dir.path }))
    const backend = await open({ url: server.url })
    await backend.create()
    await mkdir(dirname(fileAt(dir.path, 'pack', name)), { recursive: true })
    await writeFile(fileAt(dir.path, 'pack', name), content.subarray(0, 1000))
    await backend.write('pack', name, content)
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
    await expect(backend.write('pack', name, content)).rejects.toBeInstanceOf(FileExistsError)
  })

  test.skipIf(noRclone)('append-only, it keeps what it has', async ({ owned, open, expect }) => {
    const dir = owned.use(await makeTempDir())
    const server = owned.use(await startRcloneRest({ folder: dir.path, appendOnly: true }))
    const backend = await open({ url: server.url })
    await backend.create()
    await backend.write('snapshot', name, content)
    await expect(backend.write('snapshot', name, content)).rejects.toBeInstanceOf(FileExistsError)
    await expect(backend.remove('snapshot', name)).rejects.toMatchObject({ hint: /append-only/ })
    expect(await readdir(`${dir.path}/snapshots`)).toEqual([name])
  })

  test('a missing file that is listed is trouble that may pass, and so is a list that is missing', async ({
    owned,
    open,
    expect,
  }) => {
    const listed = { isListed: true }
    const server = owned.use(
      await startHttpServer(({ url }, response) => {
        response.setHeader('server', 'rclone/v1.60.1')
        if (!url!.endsWith('/data/') || !listed.isListed) return response.writeHead(404).end('Not Found')
        response.setHeader('content-type', 'application/vnd.x.restic.rest.v2')
        return response.end(JSON.stringify([{ name, size: 3 }]))
      }),
    )
    const backend = await open({ url: server.url })
    await expect(backend.read('pack', name)).rejects.toMatchObject({ code: 'BACKEND', transient: true })
    expect(await backend.size('pack', name)).toBe(3)
    const other = sha256Id(Buffer.from('other'))
    await expect(backend.read('pack', other)).rejects.toBeInstanceOf(FileMissingError)
    await expect(backend.read('config', '')).rejects.toBeInstanceOf(FileMissingError)
    listed.isListed = false
    await expect(collect(backend.list('pack'))).rejects.toMatchObject({ code: 'BACKEND', transient: true })
    await expect(backend.read('pack', name)).rejects.toMatchObject({ code: 'BACKEND', transient: true })
  })
})

test.skipIf(noRclone || notWhole)(
  'a repository on a REST server is whole, for us and for restic at the same address',
  async ({ owned, open }) => {
    const dir = owned.use(await makeTempDir())
    const server = owned.use(await startRcloneRest({ folder: dir.join('repository'), user: 'me', password: 'secret' }))
    await tryWholeRepository({
      open: () => open({ url: server.url, username: 'me', password: 'secret' }),
      dir,
      restic: {
        repository: `rest:${server.url}`,
        env: { RESTIC_REST_USERNAME: 'me', RESTIC_REST_PASSWORD: 'secret' },
      },
    })
  },
)
