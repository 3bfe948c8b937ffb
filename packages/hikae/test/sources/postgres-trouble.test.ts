import type { Entry } from '@hikae/engine'
import { skipBecause, whyNoPostgres } from '@hikae/testkit'
import { describe, vi } from 'vitest'
import type { Finding } from '../../src/sources/finding.ts'
import { postgresSource } from '../../src/sources/postgres/postgres-source.ts'
import { type PostgresGround, test } from './postgres-ground.ts'

const skip = skipBecause(await whyNoPostgres())

describe.skipIf(skip)('PostgreSQL that cannot be saved', () => {
  test('says why and what to do: rights, row security, large objects, passwords', async ({ on, expect }) => {
    await on.server.query(`create role reader login password 'of the reader'; create database guarded`)
    await on.server.query(
      `create table open (id int); grant select on open to reader; create table closed (id int); select lo_create(0);
      create table secured (id int); alter table secured enable row level security`,
      { database: 'guarded' },
    )
    const config = { databases: ['guarded'], user: 'reader', password: { env: 'READER_PASSWORD' } }
    const found = await examine(on, config)
    expect(found.map(({ message }) => message)).toEqual([
      'reader may not read public.closed of the database guarded, nor 1 more',
      expect.stringContaining('public.secured of the database guarded has row security'),
      expect.stringContaining('the database guarded has 1 large objects of others'),
      expect.stringContaining('reader may not read the hashes of passwords'),
    ])
    expect(found.every(({ hint }) => hint !== undefined)).toBe(true)
    await on.backUp(config).catch(() => undefined)
    expect(await wholeSnapshots(on)).toBe(0)
    await on.server.query(
      'grant pg_read_all_data to reader; alter role reader bypassrls; alter database guarded set lo_compat_privileges = on',
    )
    expect(await examine(on, config)).toEqual([])
    const { backup, reading } = await on.backUp(config)
    expect([backup.outcome, reading!.findings]).toEqual(['succeeded', []])
  })

  test('says why and what to do: password, address, name, programs', async ({ on, expect }) => {
    const cases: [object, RegExp, RegExp][] = [
      [{ user: 'nobody' }, /password authentication failed/, /right user and password/],
      [{ port: 1 }, /Connection refused/, /whether the server runs/],
      [{ databases: ['absent'] }, /there is no database absent/, /databases:/],
      [{ host: undefined, port: undefined, socket: '/nowhere' }, /\/nowhere/, /whether the server runs/],
      [{ programs: '/nowhere' }, /there is no psql in \/nowhere/, /programs:/],
    ]
    for (const [given, message, hint] of cases) {
      expect(await examine(on, given)).toEqual([
        { severity: 'error', message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
      ])
    }
  })

  test('makes no snapshot when the server dies while it is read, and holds nothing afterwards', async ({
    on,
    expect,
  }) => {
    await on.server.query('create database dying')
    await on.server.query('create table t as select repeat(md5(n::text), 30) from generate_series(1, 60000) n', {
      database: 'dying',
    })
    await using source = await postgresSource.open(on.config({ databases: ['dying'] }), on.context())
    const { signal } = new AbortController()
    const entries: Entry[] = []
    for await (const entry of source.root.children(signal)) entries.push(entry)
    const dump = entries.find((entry) => entry.kind === 'file' && entry.name === 'dying.dump')
    if (dump?.kind !== 'file' || dump.content.kind !== 'stream') throw new Error('there is no dump')
    const { content } = dump
    const read = async (): Promise<void> => {
      let bytes = 0
      for await (const part of content.open(signal)) {
        if (bytes === 0) await on.server.kill()
        bytes += part.length
      }
    }
    await expect(read()).rejects.toThrow(/cannot dump the database dying/)
    await expect(source.finish()).rejects.toThrow(/not read to (its|their) end/)
    await on.server.start()
  })

  test('is restored or not when the restore is killed at any time: the next command says which', async ({
    on,
    expect,
  }) => {
    await on.server.query('create database killed')
    await on.server.query('create table t as select 1 as n', { database: 'killed' })
    const config = { databases: ['killed'] }
    await on.backUp(config)
    await on.server.query('update t set n = 2', { database: 'killed' })
    // As a kill while it is built would leave it.
    const stamp = '20260101t000000z'
    await on.server.query(`create database killed_new_${stamp}`)
    const { writeUnfinished } = await import('../../src/sources/postgres/restore/unfinished.ts')
    const databases = [{ building: `killed_new_${stamp}`, name: 'killed', keep: `killed_before_${stamp}` }]
    const unfinished = { version: 1 as const, pid: 2 ** 22 + 1, stamp, server: null, databases, roles: [] }
    await writeUnfinished(on.context(), unfinished)
    expect(await settle(on, config)).toEqual([expect.stringContaining('interrupted before it replaced anything')])
    expect(await on.databases()).not.toContain(`killed_new_${stamp}`)
    expect(await settle(on, config)).toEqual([])
    const { kept } = await on.restore(config)
    await writeUnfinished(on.context(), { ...unfinished, databases: [{ ...databases[0]!, keep: kept! }] })
    expect(await settle(on, config)).toEqual([expect.stringContaining('interrupted at its very end')])
    expect(await on.server.query('select n from t', { database: 'killed' })).toBe('1')
  })

  test('leaves nothing on the server when a restore is stopped', async ({ on, expect }) => {
    await on.server.query('create database stopped')
    await on.server.query('create table t as select 1 as n', { database: 'stopped' })
    await on.backUp({ databases: ['stopped'] })
    const there = await on.databases()
    const stop = new AbortController()
    const plan = await postgresSource.planRestore(
      on.config({ databases: ['stopped'] }),
      await on.ground.point(),
      {},
      on.context(),
    )
    const running = plan.apply(stop.signal).catch((error: unknown) => error)
    await vi.waitFor(async () => {
      if ((await on.databases()).length === there.length) throw new Error('nothing is built yet')
    }, 10_000)
    const reason = new Error('stopped by this test')
    stop.abort(reason)
    expect(await running).toBe(reason)
    expect(await on.databases()).toEqual(there)
    expect(await settle(on, {})).toEqual([])
  })
})

async function examine(on: PostgresGround, given: object): Promise<readonly Finding[]> {
  return await postgresSource.examine(on.config(given), on.context())
}

async function settle(on: PostgresGround, given: object): Promise<string[]> {
  const findings = await postgresSource.settle!(on.config(given), on.context())
  return findings.map(({ message }) => message)
}

async function wholeSnapshots(on: PostgresGround): Promise<number> {
  return await on.ground.snapshotCount()
}
