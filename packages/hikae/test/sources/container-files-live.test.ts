import { DatabaseSync } from 'node:sqlite'
import { BASE_IMAGE, makeTempDir, skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, test as base } from 'vitest'
import { containerFilesSource as kind } from '../../src/sources/container-files/container-files-source.ts'
import { SourceGround } from '../support/source-ground.ts'
import { ContainerFilesGround } from './container-files-ground.ts'

const skip = skipBecause(await whyNoDocker())
const POSTGRES = 'registry.example.com/postgis/postgis:16'
const DATA = '/var/lib/postgresql/data'

let containers: ContainerFilesGround
beforeAll(async () => {
  if (skip) return
  containers = await ContainerFilesGround.create()
  const made = await containers.docker.docker('create', BASE_IMAGE)
  // One of its own, and not another name for the same.
  await containers.docker.docker('commit', '--change', `LABEL name=${POSTGRES}`, made, POSTGRES)
}, 60_000)
afterAll(async () => await containers?.[Symbol.asyncDispose](), 60_000)

const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ ground, dir }) => ground.context(dir.path))
  .extend('found', ({ ground, context }) => async (given: object): Promise<unknown> => {
    const { reading } = await ground.backUp(kind, containers.config({ ...given }), context)
    return reading!.findings
  })

async function runDatabase(...options: string[]): Promise<string> {
  const name = containers.newName('db')
  const args = ['--detach', '--init', '--name', name, ...options, POSTGRES, 'sleep', '1000']
  await containers.docker.docker('run', ...args)
  await containers.inside(name, `mkdir -p ${DATA}; echo 16 > ${DATA}/PG_VERSION; echo x > /etc/config`)
  return name
}

describe.skipIf(skip)('a database that writes to what is read of a container', () => {
  test('makes the run incomplete, unless it is stopped or accepted', async ({ ground, context, found, expect }) => {
    const container = await runDatabase()
    const config = { container, paths: [DATA] }
    const message = `PostgreSQL in the container ${container} is in use while ${DATA} of ${container} is copied: such a copy may be of no use`
    expect(await kind.examine(containers.config(config), context)).toMatchObject([{ severity: 'warning', message }])
    const hint = expect.stringMatching(/kind postgres, or write `quiesce: stop`.*acceptLive/)
    expect(await found(config)).toEqual([{ severity: 'error', message, hint }])
    for (const accepted of [container, DATA]) expect(await found({ ...config, acceptLive: [accepted] })).toEqual([])
    expect(ground.logged.join('\n')).toContain(`${message}; the stack file accepts that`)
    expect(await found({ container, paths: ['/etc/config'] })).toEqual([])
    expect(await found({ ...config, quiesce: 'pause' })).toEqual([])
    expect(ground.logged.join('\n')).toContain('only frozen')
    expect(await found({ ...config, quiesce: 'stop' })).toEqual([])
    await containers.docker.docker('rm', '--force', container)
  })

  test('is found in another container that shares it, which is not held still', async ({ dir, found, expect }) => {
    for (const shared of ['shared-data', dir.join('shared')]) {
      const database = await runDatabase('--volume', `${shared}:${DATA}`)
      const container = containers.newName('reader')
      await containers.run(container, '--volume', `${shared}:/srv/data:ro`)
      const hint = expect.stringContaining(`save what ${database} shares with a source of the kind docker-volumes`)
      for (const [path, quiesce] of [
        ['/srv', 'stop'],
        ['/srv/data', 'none'],
        ['/srv/data/PG_VERSION', 'none'],
      ] as const) {
        const config = { container, paths: [path, '/etc/hostname'], quiesce }
        expect(await found(config), path).toMatchObject([
          { severity: 'error', message: expect.stringContaining(`PostgreSQL in the container ${database}`), hint },
        ])
      }
      await containers.docker.docker('stop', '--time', '1', database)
      expect(await found({ container, paths: ['/srv'] })).toEqual([])
      await containers.docker.docker('rm', '--force', database, container)
    }
  })

  test('is found where it is a file of SQLite', async ({ dir, found, expect }) => {
    const file = dir.join('shop.db')
    const database = new DatabaseSync(file)
    database.exec('create table t (x)')
    database.close()
    const container = containers.newName('sqlite')
    await containers.run(container)
    await containers.inside(container, 'mkdir /app; echo x > /app/file')
    await containers.docker.docker('cp', file, `${container}:/app/shop.db`)
    const message = expect.stringContaining(`the SQLite database shop.db, which the container ${container} may write,`)
    for (const path of ['/app', '/app/shop.db']) {
      expect(await found({ container, paths: [path] }), path).toMatchObject([{ severity: 'error', message }])
    }
    expect(await found({ container, paths: ['/app/file'] })).toEqual([])
    expect(await found({ container, paths: ['/app'], quiesce: 'stop' })).toEqual([])
  })
})
