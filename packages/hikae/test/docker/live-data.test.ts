import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BASE_IMAGE, skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findContainer, listContainers, usersOfVolume } from '../../src/docker/containers/container.ts'
import {
  findLiveData,
  type LiveData,
  type LiveDataQuestion,
  type SharedData,
} from '../../src/docker/containers/live-data.ts'
import { QuiesceGround, until } from './quiesce-ground.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('a database in a volume', () => {
  let ground: QuiesceGround

  beforeAll(async () => {
    ground = await QuiesceGround.create()
    await makeImage(POSTGRES)
  })
  afterAll(() => ground[Symbol.asyncDispose]())
  beforeEach(() => ground.clear())

  const POSTGRES = 'registry.example.com/postgis/postgis:16'

  /** One of its own, and not another name for the same. */
  async function makeImage(name: string): Promise<void> {
    const container = await ground.docker.docker('create', BASE_IMAGE)
    await ground.docker.docker('commit', '--change', `LABEL name=${name}`, container, name)
  }

  async function run(name: string, image: string, volume: string, ...command: string[]): Promise<void> {
    const program = command.length > 0 ? command : ['sleep', '10000']
    await ground.docker.docker('run', '--detach', '--init', '--name', name, '--volume', volume, image, ...program)
  }

  async function look(volume: string, more: Partial<LiveDataQuestion> = {}): Promise<LiveData> {
    await using engine = await ground.open()
    const { Mountpoint: folder } = await engine.ask('look', (api) => api.getVolume(volume).inspect())
    const shared: SharedData = {
      name: volume,
      description: `the volume ${volume}`,
      users: usersOfVolume(await listContainers(engine), volume),
      mountedAt: ({ mounts }) => mounts.filter((mount) => mount.name === volume),
      folder,
    }
    const { signal } = new AbortController()
    return await findLiveData(engine, { data: [shared], how: 'none', acceptLive: [], signal, ...more })
  }

  test('is found while it runs, unless it is stopped or accepted', async () => {
    await run('db', POSTGRES, 'pgdata:/var/lib/postgresql/data')
    expect(await look('pgdata')).toEqual({
      findings: [
        {
          severity: 'error',
          message:
            'PostgreSQL in the container db is in use while the volume pgdata is copied: such a copy may be of no use',
          hint: 'save it with a source of the kind postgres, or write `quiesce: stop`; if it is meant to be so, `acceptLive: [db]`',
        },
      ],
      accepted: [],
    })
    expect(await look('pgdata', { how: 'stop' })).toEqual({ findings: [], accepted: [] })
    const { findings } = await look('pgdata', { how: 'pause' })
    expect(findings).toMatchObject([{ severity: 'warning', message: expect.stringContaining('only frozen') }])
    for (const name of ['db', 'pgdata']) {
      expect(await look('pgdata', { acceptLive: [name] })).toEqual({
        findings: [],
        accepted: [expect.stringMatching(/^PostgreSQL in the container db .*; the stack file accepts that$/)],
      })
    }
    expect((await look('pgdata', { acceptLive: ['other'] })).findings).toHaveLength(1)
    await ground.docker.docker('pause', 'db')
    expect((await look('pgdata', { how: 'stop' })).findings).toMatchObject([{ severity: 'warning' }])
    await ground.docker.docker('unpause', 'db')
    await ground.docker.docker('stop', 'db')
    expect(await look('pgdata')).toEqual({ findings: [], accepted: [] })
  })

  test('is none where the database only reads, or keeps something else', async () => {
    await run('reader', POSTGRES, 'shared:/var/lib/postgresql/data:ro')
    await run('dumper', POSTGRES, 'shared:/backups')
    await run('app', BASE_IMAGE, 'shared:/app')
    expect(await look('shared')).toEqual({ findings: [], accepted: [] })
  })

  test('is found by what its image is, though its name says nothing', async () => {
    await makeImage('internal/mariadb:11')
    const id = await ground.docker.docker('inspect', '--format', '{{.Id}}', 'internal/mariadb:11')
    await run('named-by-id', id, 'first:/var/lib/mysql')
    expect((await look('first')).findings).toMatchObject([
      {
        message: expect.stringContaining('MariaDB in the container named-by-id'),
        hint: expect.stringContaining('mysql'),
      },
    ])
  })

  test('is found by the program that runs', async () => {
    const script = 'cp /usr/bin/busybox /tmp/redis-server && exec -a sleep /tmp/redis-server 10000'
    await run('cache', BASE_IMAGE, 'cached:/data', 'sh', '-c', script)
    await until(async () => (await look('cached')).findings.length > 0)
    expect((await look('cached')).findings).toMatchObject([
      { message: expect.stringContaining('Redis in the container cache'), hint: expect.stringContaining('redis') },
    ])
  })

  test('of SQLite is found by its file', async () => {
    await run('app', BASE_IMAGE, 'data:/data')
    const folder = await ground.docker.docker('volume', 'inspect', '--format', '{{.Mountpoint}}', 'data')
    await writeFile(join(folder, 'thumbs.db'), 'no database, though it is called so')
    await mkdir(join(folder, 'inner'))
    expect(await look('data')).toEqual({ findings: [], accepted: [] })
    using database = new DatabaseSync(join(folder, 'inner', 'app.sqlite3'))
    database.exec('create table orders(id)')
    using unnamed = new DatabaseSync(join(folder, 'inner', 'index'))
    unnamed.exec('pragma journal_mode = wal; create table entries(id)')
    expect((await look('data')).findings).toEqual([
      {
        severity: 'error',
        message:
          'the SQLite database inner/app.sqlite3 and 1 more, which the container app may write, is in use while the volume data is copied: such a copy may be of no use',
        hint: expect.stringContaining('of the kind sqlite'),
      },
    ])
    expect((await look('data', { how: 'stop' })).findings).toEqual([])
  })

  test('is in a container that is found by name, id and beginning of the id', async () => {
    await run('shop-db-1', POSTGRES, 'pgdata:/var/lib/postgresql/data')
    const id = await ground.docker.docker('inspect', '--format', '{{.Id}}', 'shop-db-1')
    await using engine = await ground.open()
    for (const name of ['shop-db-1', '/shop-db-1', id, id.slice(0, 12)]) {
      expect(await findContainer(engine, name)).toMatchObject({ id, name: 'shop-db-1', state: 'running' })
    }
    await expect(findContainer(engine, 'shop-db')).rejects.toMatchObject({
      message: `there is no container shop-db at ${engine.address}`,
      hint: 'write one of these: shop-db-1',
      status: 404,
    })
  })
})
