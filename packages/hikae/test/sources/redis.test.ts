import { chmod, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from '@hikae/engine'
import {
  bankTrouble,
  collect,
  makeTempDir,
  type Redis,
  seedBank,
  skipBecause,
  startRedis,
  startTransfers,
  whyNoRedis,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { redisSchema } from '../../src/sources/redis/config.ts'
import { redisSource } from '../../src/sources/redis/redis-source.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'

const reason = skipBecause(await whyNoRedis())

describe.skipIf(reason)('redis', () => {
  const owned = new AsyncDisposableStack()
  let server: Redis
  let folder: string
  beforeAll(async () => {
    folder = owned.use(await makeTempDir()).path
    server = owned.use(
      await startRedis({ appendonly: true, acl: ['backup on >secret +ping +info +psync +sync +replconf'] }),
    )
    await writeFile(join(folder, 'password'), server.password)
    await writeFile(join(folder, 'wrong'), 'wrong')
    await writeFile(join(folder, 'secret'), 'secret')
    await chmod(folder, 0o711)
    await seedBank(server)
    await server.command(['SET', 'session:1', 'x', 'EX', '1000'], { database: 3 })
    await server.command(['XADD', 'stream', '*', 'a', 'b'], { database: 3 })
    await server.command(['XGROUP', 'CREATE', 'stream', 'group', '0'], { database: 3 })
    await server.command(['XREADGROUP', 'GROUP', 'group', 'me', 'STREAMS', 'stream', '>'], { database: 3 })
    await server.command(['RPUSH', 'list', 'a', 'b'.repeat(100_000)], { database: 3 })
    await server.command(['SADD', 'set', '1', '2', 'x'], { database: 3 })
  })
  afterAll(() => owned.disposeAsync())

  const configured = (more: object = {}) =>
    redisSchema.parse({ socket: server.socket, password: { file: join(folder, 'password') }, ...more })

  async function context(): Promise<ReadContext> {
    const place = await mkdtemp(join(folder, 'scratch-'))
    return {
      ...{ source: 'cache', stack: 'shop', folder, env: process.env, signal: new AbortController().signal },
      ...{ scratchFolder: async () => place, stateFolder: async () => place, log: () => undefined },
    }
  }

  async function save(
    more: object = {},
  ): Promise<{ point: SourcePoint; files: Map<string, Buffer>; facts: Record<string, unknown> }> {
    await using open = await redisSource.open(configured(more), await context())
    const files = new Map<string, Buffer>()
    for (const entry of open.root.children(new AbortController().signal) as Iterable<Entry>) {
      if (entry.kind !== 'file' || entry.content.kind !== 'stream') throw new Error('a stream is expected')
      files.set(`/${entry.name}`, Buffer.concat(await collect(entry.content.open(new AbortController().signal))))
    }
    const { facts } = await open.finish()
    return { files, facts: { ...facts }, point: pointOf(files, facts) }
  }

  test('what is saved while others write comes back in a drill, counted in each database', async ({ expect }) => {
    await using _transfers = await startTransfers(server)
    const { point, facts, files } = await save()
    expect(facts['databases']).toContainEqual({ number: 3, keys: 4, expiring: 1 })
    expect(files.get('/acl.txt')!.toString()).toContain('user backup on')
    expect(JSON.parse(files.get('/config.json')!.toString())).toMatchObject({ appendonly: 'yes' })
    const good = configured({
      verify: [
        { keys: 'account:*', min: 1000, max: 1000 },
        { keys: 'session:*', database: 3, min: 1 },
      ],
    })
    expect(await redisSource.verify(good, point, await context())).toEqual([])
    const bad = configured({ verify: [{ keys: 'order:*', min: 1 }] })
    expect(await redisSource.verify(bad, point, await context())).toMatchObject([
      { message: expect.stringContaining('0 keys of database 0 match order:*') },
    ])
  })

  test('a restore writes a file of one moment that a server loads, and replaces nothing', async ({ expect }) => {
    await using _transfers = await startTransfers(server)
    const { point, files } = await save()
    const surroundings = await context()
    const plan = await redisSource.planRestore(configured(), point, { to: 'out/dump.rdb' }, surroundings)
    await plan.apply(surroundings.signal)
    expect(await readFile(join(folder, 'out/dump.rdb'))).toEqual(files.get('/dump.rdb'))
    await expect(redisSource.planRestore(configured(), point, { to: 'out/dump.rdb' }, surroundings)).rejects.toThrow(
      'is there already',
    )
    await expect(redisSource.planRestore(configured(), point, {}, surroundings)).rejects.toThrow(
      'not put back into its server',
    )
    await using restored = await startRedis({ folder: join(folder, 'out') })
    expect(await bankTrouble(restored)).toBeUndefined()
  })

  test('what is cut off or flipped is neither restored nor passes a drill', async ({ expect }) => {
    const { files, facts } = await save()
    const whole = files.get('/dump.rdb')!
    const flipped = Buffer.from(whole)
    flipped[whole.length >> 1]! ^= 1
    for (const [name, bytes] of [
      ['flipped', flipped],
      ['cut', whole.subarray(0, -100)],
    ] as const) {
      const point = pointOf(new Map([['/dump.rdb', bytes]]), facts)
      expect(await redisSource.verify(configured(), point, await context())).toMatchObject([{ severity: 'error' }])
      const surroundings = await context()
      const plan = await redisSource.planRestore(configured(), point, { to: `bad-${name}/x.rdb` }, surroundings)
      await expect(plan.apply(surroundings.signal)).rejects.toThrow()
      expect(await readdir(join(folder, `bad-${name}`))).toEqual([])
    }
  })

  test('who may not get in, or may not ask for settings, is told what to do', async ({ expect }) => {
    expect(await redisSource.examine(configured(), await context())).toEqual([])
    const wrong = configured({ password: { file: join(folder, 'wrong') } })
    expect(await redisSource.examine(wrong, await context())).toMatchObject([
      { severity: 'error', message: expect.stringContaining('does not let us in') },
    ])
    const least = { user: 'backup', password: { file: join(folder, 'secret') } }
    expect(await redisSource.examine(configured(least), await context())).toMatchObject([
      { hint: expect.stringContaining('settings: false') },
    ])
    expect(await redisSource.examine(configured({ ...least, settings: false }), await context())).toEqual([])
    expect((await save({ ...least, settings: false })).facts).toMatchObject({ appendonly: null, isChecksummed: true })
  })
})

function pointOf(files: ReadonlyMap<string, Buffer>, facts: Readonly<Record<string, unknown>>): SourcePoint {
  return {
    time: new Date(),
    facts,
    async *entries() {
      for (const [path, { length: size }] of files) yield { path, type: 'file', size }
    },
    async *content(path) {
      yield files.get(path)!
    },
    tar: () => {
      throw new Error('nobody asks for an archive')
    },
    writeTo: () => Promise.reject(new Error('nobody asks for files')),
  }
}
