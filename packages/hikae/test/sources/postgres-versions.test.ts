import { skipBecause, startPostgres, whyNoPostgres } from '@hikae/testkit'
import { describe } from 'vitest'
import { postgresSource } from '../../src/sources/postgres/postgres-source.ts'
import { PostgresGround, test } from './postgres-ground.ts'

const skip = skipBecause((await whyNoPostgres('15')) ?? (await whyNoPostgres('17')))

describe.skipIf(skip)('PostgreSQL of another version', () => {
  test('is refused by older programs, and its dump by older servers, before anything is done', async ({
    on,
    expect,
  }) => {
    await using newer = await startPostgres({ version: '17' })
    await newer.query('create database later')
    await newer.query(
      'create table t (n int primary key, t text collate "C") partition by range (n); create table t1 partition of t for values from (0) to (9); insert into t values (1, \'x\')',
      { database: 'later' },
    )
    const there = new PostgresGround(newer, on.dir, on.ground)
    const old = there.config({ databases: ['later'], programs: on.server.binDir })
    const [finding] = await postgresSource.examine(old, there.context())
    expect(finding!.message).toMatch(/pg_dump on this host is of version 15, and the server of version 17/)
    await expect(postgresSource.open(old, there.context())).rejects.toThrow('an older one cannot read a newer server')
    const { backup } = await there.backUp({ databases: ['later'] })
    expect(backup.outcome).toBe('succeeded')
    const before = await on.databases()
    await expect(on.restore({ databases: ['later'] })).rejects.toThrow(/the dump is of PostgreSQL 17, and .* is 15/)
    expect(await on.databases()).toEqual(before)
    await there.restore({ databases: ['later'] })
    expect(await newer.query('select * from t', { database: 'later' })).toBe('1|x')
    const programs = newer.binDir
    expect(await postgresSource.verify(there.config({ programs }), await on.ground.point(), there.context())).toEqual(
      [],
    )
  })

  test('is restored to a newer server that the stack file names', async ({ on, expect }) => {
    await using newer = await startPostgres({ version: '17' })
    await on.server.query('create role mover; create database moved owner mover')
    await on.server.query('create table t as select 1 as n; create sequence s; select nextval($$s$$)', {
      database: 'moved',
    })
    const { host, port, user } = newer
    const newServer = { host, port, user, password: { env: 'PASSWORD_OF_TEST' } }
    const config = { databases: ['moved'], programs: newer.binDir, restoreTo: { next: newServer } }
    await on.backUp(config)
    const restored = await on.restore(config, { to: 'next/' })
    expect(restored.findings.map(({ message }) => message)).toEqual([expect.stringContaining('roles were made on')])
    expect(await newer.query('select n from t', { database: 'moved' })).toBe('1')
  })
})
