import { type Postgres, skipBecause, startPostgres, whyNoPostgres } from '@hikae/testkit'
import { afterAll, beforeAll, vi } from 'vitest'
import { postgresSchema } from '../../src/sources/postgres/config.ts'
import { postgresSource } from '../../src/sources/postgres/postgres-source.ts'
import { describeSource } from '../support/describe-source.ts'

const skip = skipBecause(await whyNoPostgres())
let server: Postgres
let number = 0

beforeAll(async () => {
  if (!skip) server = await startPostgres({ settings: { autovacuum: 'off' } })
})
afterAll(async () => await server?.[Symbol.asyncDispose]())

describeSource(
  'postgres',
  async () => {
    const shop = `shop ${++number} "名"/x`
    const [closed, empty] = [`closed_${number}`, `empty_${number}`]
    const quoted = `"${shop.replaceAll('"', '""')}"`
    await server.query(`create database ${quoted}; create database ${closed}; create database ${empty};
      alter database ${quoted} set work_mem = '8MB';`)
    await server.query(
      `create table item (id int generated always as identity primary key, name text); insert into item (name)
        select md5(n::text) || E'a\\nb' from generate_series(1, 5000) n;
      create sequence counter; select nextval('counter'); select lo_from_bytea(0, 'large');`,
      { database: shop },
    )
    await server.query('create table item (id int); insert into item select 1', { database: closed })
    const config = (databases: string[], more: object = {}) =>
      postgresSchema.parse({
        socket: server.socketDir + `/.s.PGSQL.${server.port}`,
        programs: server.binDir,
        user: server.user,
        password: { env: 'PASSWORD_OF_TEST' },
        databases,
        ...more,
      })
    process.env['PASSWORD_OF_TEST'] = server.password
    const locking = server
      .query('begin; lock table item in access exclusive mode; select pg_sleep(600)', {
        database: closed,
      })
      .catch(() => undefined)
    await vi.waitFor(async () => {
      const held = "select 1 from pg_locks where mode = 'AccessExclusiveLock' and granted and locktype = 'relation'"
      if ((await server.query(held, { database: closed })) === '') throw new Error('not locked yet')
    }, 10_000)
    const waiting = `select count(*) from pg_stat_activity where datname = '${closed}' and wait_event_type = 'Lock'`
    return {
      kind: postgresSource,
      config: config([shop]),
      folder: '/',
      elsewhere: `copy_${number}`,
      async content(to = shop) {
        const rows = await server.query('select * from item order by id; select last_value from counter', {
          database: to,
        })
        const objects = await server.query('select convert_from(data, $$UTF8$$) from pg_largeobject', { database: to })
        return { rows, objects, memory: await server.query('show work_mem', { database: to }) }
      },
      async change() {
        await server.query("delete from item where id > 7; insert into item (name) values ('new')", { database: shop })
      },
      empty: config([empty]),
      failing: config([closed], { lockTimeout: '100ms' }),
      lasting: {
        config: config([closed]),
        begun: async () =>
          await vi.waitFor(async () => {
            if ((await server.query(waiting)) === '0') throw new Error('not there yet')
          }, 10_000),
      },
      traces: async () => {
        const sessions = "select datname from pg_stat_activity where application_name = 'hikae'"
        return await vi.waitFor(async () => {
          if ((await server.query(sessions)) !== '') throw new Error('somebody is there still')
          return await server.query('select datname from pg_database order by 1')
        }, 5000)
      },
      async [Symbol.asyncDispose]() {
        await server.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${closed}'`)
        await locking
        const all = `select format('drop database %I with (force)', datname) from pg_database where not datistemplate and datname <> 'postgres'`
        await server.query((await server.query(all)).split('\n').join(';\n'))
      },
    }
  },
  { skip },
)
