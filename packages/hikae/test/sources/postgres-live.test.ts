import { writeFile } from 'node:fs/promises'
import { bankTrouble, readBank, seedBank, skipBecause, startTransfers, whyNoPostgres } from '@hikae/testkit'
import { describe } from 'vitest'
import { postgresSource } from '../../src/sources/postgres/postgres-source.ts'
import { test } from './postgres-ground.ts'

const skip = skipBecause(await whyNoPostgres())

describe.skipIf(skip)('PostgreSQL that is written to', () => {
  test('is saved as of one moment, replaced while clients are connected, and put back', async ({ on, expect }) => {
    await seedBank(on.server, { database: 'live' })
    await using transfers = await startTransfers(on.server, { database: 'live' })
    const config = { databases: ['live'] }
    const { backup, reading } = await on.backUp(config)
    expect(backup.outcome).toBe('succeeded')
    expect(reading).toMatchObject({
      findings: [],
      facts: { databases: [{ name: 'live', lsn: expect.any(String), tables: [{ name: 'account', rows: 1000 }, {}] }] },
    })
    const [facts] = reading!.facts['databases'] as { tables: { rows: number }[] }[]
    const restored = await on.restore(config)
    expect(restored.kept).toMatch(/^live_before_\d{8}t\d{6}z$/)
    await transfers.stop()
    expect(await bankTrouble(on.server, { database: 'live' })).toBeUndefined()
    const kept = await readBank(on.server, { database: restored.kept! })
    expect(kept.transfers).toBeGreaterThan(facts!.tables[1]!.rows)
    const [copy] = await postgresSource.kept!(on.config(config), on.context())
    await (await copy!.planUndo(on.context())).apply(new AbortController().signal)
    expect(await readBank(on.server, { database: 'live' })).toEqual(kept)
    const all = await postgresSource.verify(
      on.config({
        ...config,
        verify: [
          { sql: 'select total from bank_state', expect: 1_000_000 },
          { sql: 'select bad_accounts from bank_state;', expect: { max: 0 } },
          { sql: 'select count(*) from ledger', expect: -1 },
          { sql: 'delete from ledger returning 1', expect: 1 },
        ],
      }),
      await on.ground.point(),
      on.context(),
    )
    expect(all.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^live: select count\(\*\) from ledger gives \d+, where -1 is expected$/),
      expect.stringMatching(/^live: delete from ledger returning 1 cannot be asked: /),
    ])
  })

  test('comes back with roles, settings and rights; a script changes it before anybody sees it', async ({
    on,
    expect,
  }) => {
    await on.server.query(`create role "Owner of all" login password 'x'; create role "o'ther";
      grant "Owner of all" to "o'ther"; create database "Settings" owner "Owner of all" connection limit 7;
      comment on database "Settings" is 'it''s'; alter database "Settings" set search_path = "$user", app;
      alter role "o'ther" in database "Settings" set work_mem = '9MB'; grant temp on database "Settings" to "o'ther" with grant option;
      revoke connect on database "Settings" from public`)
    await on.server.query(
      `create schema app authorization "Owner of all"; set role "Owner of all";
      create table app.person (id int primary key, mail text); insert into app.person values (1, 'a@b');
      create table app.other (person int references app.person, at timestamptz default now()); insert into app.other values (1)`,
      { database: 'Settings' },
    )
    const about = `select datconnlimit, (select array_agg(a::text order by a::text) from unnest(datacl) a), pg_get_userbyid(datdba), shobj_description(d.oid, 'pg_database'), array(
      select (setrole::regrole, setconfig)::text from pg_db_role_setting where setdatabase = d.oid order by 1)
      from pg_database d where datname = `
    const before = await on.server.query(`${about}'Settings'`)
    await on.backUp({ databases: ['Settings'] })
    await on.server.query('drop database "Settings"')
    await on.server.query(`drop role "o'ther"`)
    await on.restore({ databases: ['Settings'] })
    expect(await on.server.query(`${about}'Settings'`)).toBe(before)
    expect(await on.server.query(`select 1 from pg_auth_members where member = '"o''ther"'::regrole`)).toBe('1')
    const script = on.dir.join('mask.sql')
    await writeFile(script, "update app.person set mail = 'masked ' || id;")
    await on.restore({ databases: ['Settings'] }, { to: 'staging', script })
    expect(await on.server.query('select mail from app.person', { database: 'staging' })).toBe('masked 1')
    const part = await on.restore({}, { only: ['Settings/app.other'] })
    const name = part.place.split(' ')[0]!
    expect(await on.server.query('select count(*) from app.other', { database: name })).toBe('1')
    await expect(on.server.query('select count(*) from app.person', { database: name })).rejects.toThrow(
      'does not exist',
    )
    await expect(on.restore({}, { only: ['Settings/app.none'] })).rejects.toThrow('there is nothing app.none')
    await expect(on.restore({}, { to: 'staging' })).rejects.toThrow('there is a database staging already')
  })

  test('of several databases is replaced as a whole, and nothing when one of them does not come back', async ({
    on,
    expect,
  }) => {
    await on.server.query('create database one; create database two')
    for (const database of ['one', 'two']) await on.server.query('create table t as select 1 as n', { database })
    const config = { databases: ['one', 'two'] }
    await on.backUp(config)
    for (const database of ['one', 'two']) await on.server.query('update t set n = 2', { database })
    const there = await on.databases()
    const point = await on.ground.point()
    const [first, second] = point.facts['databases'] as { tables: object[] }[]
    const tables = [{ schema: 'public', name: 't', rows: 5 }]
    const wrong = { ...point, facts: { ...point.facts, databases: [first, { ...second, tables }] } }
    const plan = await postgresSource.planRestore(on.config(config), wrong, {}, on.context())
    await expect(plan.apply(new AbortController().signal)).rejects.toThrow(
      '"public"."t" had 5 rows when it was saved, and has 1 now',
    )
    expect(await on.databases()).toEqual(there)
    expect(await on.server.query('select n from t', { database: 'one' })).toBe('2')
    await on.restore(config)
    for (const database of ['one', 'two']) expect(await on.server.query('select n from t', { database })).toBe('1')
    const { reading } = await on.backUp({})
    expect((reading!.facts['databases'] as { name: string }[]).map(({ name }) => name)).not.toContainEqual(
      expect.stringContaining('_before_'),
    )
  })
})
