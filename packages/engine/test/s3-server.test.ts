import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3'
import { describe, test as base, vi } from 'vitest'
import { FileExistsError, FileMissingError, openS3Backend, type S3Options } from '@hikae/engine'
import {
  collect,
  randomBytesOf,
  skipBecause,
  startHttpProxy,
  startRadosgw,
  startSwift,
  whyNoRadosgw,
  whyNoSwift,
  type HttpProxy,
  type S3Server,
} from '@hikae/testkit'
import { BUCKET, placeOn } from './support/s3-place.ts'

const noRadosgw = skipBecause(await whyNoRadosgw())
const noSwift = skipBecause(await whyNoSwift())

const content = Buffer.from('some content')
const name = nameOf(content)
const DAY_MS = 24 * 60 * 60_000

const test = base
  .extend('radosgw', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startRadosgw({ tls: true, storageClasses: ['STANDARD_IA'] })
    onCleanup(() => server[Symbol.asyncDispose]())
    await server.makeBucket(BUCKET)
    await server.makeBucket(LOCKING, { objectLock: true })
    return server
  })
  .extend('swift', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startSwift()
    onCleanup(() => server[Symbol.asyncDispose]())
    await server.makeBucket(BUCKET)
    return server
  })
  .extend('open', async ({}, { onCleanup }) => {
    const opened = new AsyncDisposableStack()
    onCleanup(() => opened.disposeAsync())
    return async (options: S3Options) => opened.use(await openS3Backend(options))
  })

const LOCKING = 'hikae-locking'

describe.skipIf(noRadosgw)('the bucket', () => {
  test('is made when it is missing, and only then', async ({ radosgw, open, expect }) => {
    const backend = await open(placeOn(radosgw, { bucket: 'made-by-hikae' }))
    await expect(backend.size('config', '')).rejects.toBeInstanceOf(FileMissingError)
    const missing = { transient: false, message: expect.stringContaining('there is no bucket made-by-hikae') }
    await expect(backend.read('config', '')).rejects.toMatchObject(missing)
    await expect(collect(backend.list('key'))).rejects.toMatchObject(missing)
    await backend.create()
    expect(await collect(backend.list('key'))).toEqual([])
    await backend.create()
  })

  test('may hold the repository at its top', async ({ radosgw, open, expect }) => {
    const backend = await open(placeOn(radosgw, { bucket: 'all-of-it', prefix: '' }))
    await backend.create()
    await backend.write('pack', name, content)
    expect(await collect(backend.list('pack'))).toEqual([{ name, size: content.length }])
    expect(backend.location).toBe(`s3:${radosgw.endpoint}/all-of-it`)
  })

  test('is listed page after page, with both versions of listing', async ({ radosgw, open, expect }) => {
    const place = placeOn(radosgw)
    const names = Array.from({ length: 1003 }, (_, number) => nameOf(Buffer.from(String(number)))).sort()
    const lanes = Array.from({ length: 16 }, async (_, lane) => {
      for (const id of names.filter((_, number) => number % 16 === lane)) {
        const Key = `${place.prefix}/data/${id.slice(0, 2)}/${id}`
        await radosgw.client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '' }))
      }
    })
    await Promise.all(lanes)
    for (const listObjectsV1 of [false, true]) {
      const backend = await open({ ...place, listObjectsV1 })
      expect((await collect(backend.list('pack'))).map((file) => file.name).sort()).toEqual(names)
    }
  })
})

describe.skipIf(noRadosgw)('not replacing', () => {
  test('a server that honours the condition is found out with the first file, and is asked once for each other', async ({
    radosgw,
    open,
    expect,
  }) => {
    await using proxy = await proxyOf(radosgw)
    const backend = await open(placeOn(radosgw, { endpoint: proxy.url.href }))
    for (const text of ['one', 'two', 'three']) await write(backend, text)
    expect(methodsOf(proxy)).toEqual(['HEAD', 'PUT', 'PUT', 'PUT', 'PUT'])
    await expect(write(backend, 'three')).rejects.toBeInstanceOf(FileExistsError)
    expect(methodsOf(proxy)).toHaveLength(6)
  })

  test('two programs that write the same name at once do not both win', async ({ radosgw, open, expect }) => {
    const place = placeOn(radosgw)
    const programs = [await open(place), await open(place), await open(place)]
    for (const program of programs) await write(program, `probe of ${programs.indexOf(program)}`)
    for (let round = 0; round < 5; round++) {
      const contested = nameOf(Buffer.from(String(round)))
      const writes = programs.map((program, index) => program.write('snapshot', contested, Buffer.alloc(1000, index)))
      const results = await Promise.allSettled(writes)
      const winner = results.findIndex(({ status }) => status === 'fulfilled')
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await programs[0]!.read('snapshot', contested))[0]).toBe(winner)
    }
  })

  test('a large file arrives in parts, and is not replaced either', async ({ radosgw, open, expect }) => {
    await using proxy = await proxyOf(radosgw)
    const backend = await open(placeOn(radosgw, { endpoint: proxy.url.href }))
    const large = randomBytesOf('large', 65 * 1024 * 1024)
    const id = nameOf(large)
    await backend.write('pack', id, large)
    expect(methodsOf(proxy)).toEqual(['HEAD', 'POST', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT', 'POST'])
    expect(nameOf(await backend.read('pack', id))).toBe(id)
    expect(methodsOf(proxy).slice(8)).toEqual(['GET', 'GET', 'GET'])
    await expect(backend.write('pack', id, large)).rejects.toBeInstanceOf(FileExistsError)
    const middle = await backend.read('pack', id, { offset: 1000, length: 40 * 1024 * 1024 })
    expect(Buffer.compare(middle, large.subarray(1000, 1000 + 40 * 1024 * 1024))).toBe(0)
  })
})

describe.skipIf(noSwift)('on a server without conditional writes', () => {
  test('it is asked before each write whether the file is there', async ({ swift, open, expect }) => {
    await using proxy = await proxyOf(swift)
    const backend = await open(placeOn(swift, { endpoint: proxy.url.href }))
    await write(backend, 'one')
    expect(methodsOf(proxy)).toEqual(['HEAD', 'PUT', 'PUT'])
    await write(backend, 'two')
    expect(methodsOf(proxy).slice(3)).toEqual(['HEAD', 'PUT'])
    await expect(write(backend, 'two')).rejects.toBeInstanceOf(FileExistsError)
    expect(methodsOf(proxy).slice(5)).toEqual(['HEAD'])
  })

  test('retention is refused, and nothing is written', async ({ swift, open, expect }) => {
    const backend = await open(placeOn(swift, { objectLock: { mode: 'compliance', days: 1 } }))
    await expect(backend.create()).rejects.toMatchObject({ message: expect.stringContaining('has no object lock') })
    await expect(write(backend, 'one')).rejects.toMatchObject({ hint: expect.stringContaining('make a bucket') })
    expect(await collect(backend.list('index'))).toEqual([])
  })
})

describe.skipIf(noRadosgw)('object lock', () => {
  const objectLock = { mode: 'compliance', days: 10 } as const

  test('what is written cannot be deleted for good, locks excepted', async ({ radosgw, open, expect }) => {
    const place = placeOn(radosgw, { bucket: LOCKING, objectLock })
    const backend = await open(place)
    await backend.create()
    await backend.write('config', '', content)
    for (const kind of ['pack', 'index', 'snapshot', 'key', 'lock'] as const) await backend.write(kind, name, content)
    const { Versions = [] } = await radosgw.client.send(
      new ListObjectVersionsCommand({ Bucket: LOCKING, Prefix: `${place.prefix}/` }),
    )
    expect(new Set(Versions.map(({ Key }) => Key)).size).toBe(6)
    for (const { Key, VersionId } of Versions) {
      const remove = radosgw.client.send(new DeleteObjectCommand({ Bucket: LOCKING, Key, VersionId }))
      if (Key!.includes('/locks/')) await remove
      else await expect(remove).rejects.toMatchObject({ name: 'AccessDenied' })
    }
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
  })

  test('retention that ends soon is renewed, and given to what has none', async ({ radosgw, open, expect }) => {
    const place = placeOn(radosgw, { bucket: LOCKING, objectLock: { mode: 'governance', days: 10 } })
    const backend = await open(place)
    await backend.write('config', '', content)
    await backend.write('pack', name, content)
    expect(await backend.renewRetention?.()).toEqual({ renewed: 0 })
    const key = `${place.prefix}/data/${name.slice(0, 2)}/${name}`
    const soon = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 4 * DAY_MS) } as const
    await radosgw.client.send(
      new PutObjectRetentionCommand({ Bucket: LOCKING, Key: key, Retention: soon, BypassGovernanceRetention: true }),
    )
    const foreign = `${place.prefix}/index/${name}`
    await radosgw.client.send(new PutObjectCommand({ Bucket: LOCKING, Key: foreign, Body: content }))
    expect(await backend.renewRetention?.()).toEqual({ renewed: 2 })
    for (const Key of [key, foreign]) {
      const { Retention } = await radosgw.client.send(new GetObjectRetentionCommand({ Bucket: LOCKING, Key }))
      expect(Retention!.Mode).toBe('GOVERNANCE')
      expect(Retention!.RetainUntilDate!.getTime() - Date.now()).toBeGreaterThan(9 * DAY_MS)
    }
    expect(await backend.renewRetention?.()).toEqual({ renewed: 0 })
  })

  test('a bucket without it is refused, and nothing is written', async ({ radosgw, open, expect }) => {
    const backend = await open(placeOn(radosgw, { objectLock }))
    await expect(backend.create()).rejects.toMatchObject({
      message: expect.stringContaining(`the bucket ${BUCKET}`),
      hint: expect.stringContaining('make a bucket with object lock'),
    })
    await expect(write(backend, 'one')).rejects.toMatchObject({ code: 'BACKEND', transient: false })
    expect(await collect(backend.list('index'))).toEqual([])
    await expect(backend.renewRetention?.()).rejects.toMatchObject({ code: 'BACKEND' })
  })
})

describe.skipIf(noRadosgw)('storage classes', () => {
  test('packs of contents get theirs, all else the other', async ({ radosgw, open, expect }) => {
    const place = placeOn(radosgw, { storageClass: { packs: 'STANDARD_IA', others: 'STANDARD' } })
    const backend = await open(place)
    const trees = Buffer.from('a pack of trees')
    await backend.write('pack', name, content)
    await backend.write('pack', nameOf(trees), trees, { holdsTrees: true })
    await backend.write('index', name, content)
    const { Contents = [] } = await radosgw.client.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${place.prefix}/` }),
    )
    expect(Object.fromEntries(Contents.map(({ Key, StorageClass }) => [Key, StorageClass]))).toEqual({
      [`${place.prefix}/data/${name.slice(0, 2)}/${name}`]: 'STANDARD_IA',
      [`${place.prefix}/data/${nameOf(trees).slice(0, 2)}/${nameOf(trees)}`]: 'STANDARD',
      [`${place.prefix}/index/${name}`]: 'STANDARD',
    })
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
  })

  test('archives are for packs only', async ({ expect }) => {
    const place = { ...nowhere, endpoint: 'http://127.0.0.1:9', storageClass: { others: 'GLACIER' } }
    await expect(openS3Backend(place)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe.skipIf(noRadosgw)('over TLS', () => {
  test('a server is trusted by its own authority, and not without', async ({ radosgw, open, expect }) => {
    const { endpoint, ca } = radosgw.tls!
    const trusting = await open(placeOn(radosgw, { endpoint, http: { ca } }))
    await trusting.write('pack', name, content)
    expect(Buffer.compare(await trusting.read('pack', name), content)).toBe(0)
    const careful = await open(placeOn(radosgw, { endpoint }))
    await expect(careful.read('pack', name)).rejects.toMatchObject({
      transient: false,
      message: expect.stringContaining('certificate'),
      hint: expect.stringContaining('--cacert'),
    })
  })
})

describe.skipIf(noRadosgw)('refusals say what to do', () => {
  test('a wrong secret, an unknown key, and the same for HEAD, whose answers have no words', async ({
    radosgw,
    open,
    expect,
  }) => {
    const secret = 'very secret indeed'
    const wrong = await open(placeOn(radosgw, { credentials: { ...radosgw.credentials, secretAccessKey: secret } }))
    const unknown = await open(placeOn(radosgw, { credentials: { accessKeyId: 'nobody', secretAccessKey: secret } }))
    for (const call of [
      () => wrong.read('config', ''),
      () => wrong.size('config', ''),
      () => collect(wrong.list('key')),
    ]) {
      const error = await call().then(String, (error: Error) => error)
      expect(error).toMatchObject({ message: expect.stringContaining('the secret key is wrong'), transient: false })
      expect(String((error as Error).stack)).not.toContain(secret)
    }
    const message = expect.stringContaining('does not know the access key')
    await expect(unknown.size('config', '')).rejects.toMatchObject({ message, transient: false })
  })

  test('a clock that is wrong, and by how much', async ({ radosgw, open, expect }) => {
    const backend = await open(placeOn(radosgw))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 50 * 60_000 })
    try {
      await expect(backend.read('config', '')).rejects.toMatchObject({
        message: expect.stringContaining("the clock here is 50 minutes ahead of the server's"),
        hint: expect.stringContaining('set the clock'),
        transient: false,
      })
    } finally {
      vi.useRealTimers()
    }
  })

  test('a quota that is used up', async ({ radosgw, open, expect }) => {
    const backend = await open(placeOn(radosgw))
    await radosgw.setQuota(1)
    try {
      await expect(write(backend, 'too much')).rejects.toMatchObject({
        message: expect.stringContaining('the quota is used up'),
        hint: expect.stringContaining('forget and prune'),
        transient: false,
      })
    } finally {
      await radosgw.setQuota(undefined)
    }
    await write(backend, 'too much')
  })

  test('a key that may not delete adds and reads, and cannot remove', async ({ radosgw, open, expect }) => {
    const appender = await radosgw.makeUser('appender')
    const place = placeOn(radosgw)
    await radosgw.client.send(
      new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: JSON.stringify(policyFor('appender')) }),
    )
    const backend = await open({ ...place, credentials: appender })
    await backend.create()
    await write(backend, 'added')
    await backend.write('pack', name, content)
    expect(Buffer.compare(await backend.read('pack', name), content)).toBe(0)
    for (const kind of ['pack', 'index'] as const) {
      const id = kind === 'pack' ? name : nameOf(Buffer.from('added'))
      await expect(backend.remove(kind, id)).rejects.toMatchObject({
        message: expect.stringContaining('s3:DeleteObject is needed'),
        hint: expect.stringContaining(`bucket ${BUCKET}`),
        transient: false,
      })
    }
    expect(await backend.size('pack', name)).toBe(content.length)
  })

  test('a place that does not speak S3', async ({ open, expect, onTestFinished }) => {
    let status = 200
    const site = createServer((_, response) => response.writeHead(status).end('<html><p>Welcome<br></html>'))
    site.listen(0, '127.0.0.1')
    await once(site, 'listening')
    onTestFinished(() => void site.close())
    const endpoint = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
    const backend = await open({ ...nowhere, endpoint })
    const message = expect.stringContaining('cannot be understood')
    await expect(collect(backend.list('key'))).rejects.toMatchObject({ message, transient: false })
    // A proxy in front of a server that restarts answers with a page, too.
    status = 502
    const trouble = { message: expect.stringContaining('HTTP 502'), transient: true }
    await expect(collect(backend.list('key'))).rejects.toMatchObject(trouble)
    await expect(backend.read('config', '')).rejects.toMatchObject(trouble)
    await expect(backend.size('config', '')).rejects.toMatchObject(trouble)
    await expect(write(backend, 'one')).rejects.toMatchObject(trouble)
  })
})

const nowhere = { bucket: BUCKET, prefix: '', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }

describe.skipIf(noRadosgw)('uploads that nobody finishes', () => {
  const large = randomBytesOf('unfinished', 65 * 1024 * 1024)

  test('an abort and a failure leave no parts behind', async ({ radosgw, open, expect }) => {
    const place = placeOn(radosgw)
    await using proxy = await proxyOf(radosgw)
    const backend = await open({ ...place, endpoint: proxy.url.href })
    const controller = new AbortController()
    proxy.plan = ({ path }) => {
      if (path.includes('partNumber=3')) controller.abort(new Error('enough'))
      return undefined
    }
    const aborted = backend.write('pack', name, large, { signal: controller.signal })
    await expect(aborted).rejects.toThrow('enough')
    proxy.plan = ({ path }) =>
      path.includes('partNumber=4') ? { kind: 'status', status: 503, headers: { 'retry-after': '7' } } : undefined
    await expect(backend.write('pack', name, large)).rejects.toMatchObject({ transient: true, retryAfterMs: 7000 })
    expect(await unfinishedBelow(radosgw, place.prefix)).toBe(0)
    expect(await collect(backend.list('pack'))).toEqual([])
  })

  test('those of killed programs are swept, with their size, and others are left alone', async ({
    radosgw,
    open,
    expect,
  }) => {
    const place = placeOn(radosgw)
    await using proxy = await proxyOf(radosgw)
    const backend = await open({ ...place, endpoint: proxy.url.href })
    // The program dies: neither the end of the upload nor its removal comes through.
    proxy.plan = ({ method, path }) =>
      path.includes('uploadId=') && method !== 'PUT' && !path.includes('partNumber')
        ? { kind: 'status', status: 500 }
        : undefined
    await expect(backend.write('pack', name, large)).rejects.toMatchObject({ transient: true })
    expect(await unfinishedBelow(radosgw, place.prefix)).toBe(1)
    const sweeper = await open(place)
    expect(await sweeper.sweepTemporary(60_000)).toEqual({ files: 0, bytes: 0 })
    expect(await sweeper.sweepTemporary(-60_000)).toEqual({ files: 1, bytes: large.length })
    expect(await unfinishedBelow(radosgw, place.prefix)).toBe(0)
  })
})

function policyFor(user: string) {
  const Principal = { AWS: [`arn:aws:iam:::user/${user}`] }
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal, Action: ['s3:ListBucket'], Resource: [`arn:aws:s3:::${BUCKET}`] },
      {
        Effect: 'Allow',
        Principal,
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: [`arn:aws:s3:::${BUCKET}/*`],
      },
    ],
  }
}

function nameOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

async function write(backend: Awaited<ReturnType<typeof openS3Backend>>, text: string): Promise<void> {
  await backend.write('index', nameOf(Buffer.from(text)), Buffer.from(text))
}

async function proxyOf(server: S3Server): Promise<HttpProxy> {
  return await startHttpProxy({ target: new URL(server.endpoint) })
}

function methodsOf(proxy: HttpProxy): string[] {
  return proxy.requests.map(({ method }) => method)
}

async function unfinishedBelow(server: S3Server, prefix: string): Promise<number> {
  const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
  return Uploads.filter(({ Key }) => Key!.startsWith(prefix)).length
}
