import { readdir, readFile } from 'node:fs/promises'
import { describe, vi } from 'vitest'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { makeBank, TOTAL } from './sqlite-bank.ts'
import { damage } from './sqlite-damage.ts'
import { type SqliteGround, test } from './sqlite-fixture.ts'

/** Two seconds of work, which everything but a query that never ends is done with long before. */
const MANY_TICKS = 200
const SUM = 'select sum(balance) from account'

describe('verifying', () => {
  test('asks the queries of the stack file and says which answers are wrong', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    const ok = [
      { sql: SUM, expect: TOTAL },
      { sql: SUM, expect: { min: 1, max: TOTAL } },
      { sql: "select 'text'", expect: 'text' },
      { sql: 'select null', expect: null },
      { sql: 'select 1', expect: 1, database: 'bank.*' },
    ]
    expect(await verify(on, ok)).toEqual([])
    const wrong = [
      { sql: SUM, expect: { min: TOTAL + 1 } },
      { sql: 'select 1 where 0', expect: 1 },
      { sql: "select 'text'", expect: { max: 3 } },
      { sql: 'select 1 from nowhere', expect: 1 },
      { sql: 'delete from account returning 1', expect: 1 },
      { sql: 'select 1', expect: 1, database: 'other.db' },
    ]
    const path = on.dir.join('bank.db')
    expect((await verify(on, wrong)).map(({ message }) => message)).toEqual([
      'no database matches other.db, which select 1 is to be asked of',
      `${path}: ${SUM} gives ${TOTAL}, where ${TOTAL + 1} or more is expected`,
      `${path}: select 1 where 0 has no row, where 1 is expected`,
      `${path}: select 'text' gives "text", where 3 or less is expected`,
      `${path}: select 1 from nowhere cannot be asked: no such table: nowhere`,
      `${path}: delete from account returning 1 cannot be asked: attempt to write a readonly database`,
    ])
  })

  test('leaves nothing behind', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    await verify(on, [])
    expect((await readdir(on.dir.path, { recursive: true })).filter((name) => /^scratch-\d+\/./.test(name))).toEqual([])
  })

  test('finds other bytes, other rows, and damage', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    const point = await on.ground.point()
    const [facts] = point.facts['databases'] as [Record<string, unknown>]
    const otherFacts = { ...facts, sha256: 'f'.repeat(64), tables: { account: 1, gone: 2 } }
    const other: SourcePoint = { ...point, facts: { ...point.facts, databases: [otherFacts] } }
    const config = on.config({ path: 'bank.db' })
    const found = await sqliteSource.verify(config, other, on.context())
    expect(found.map(({ message }) => message.slice(on.dir.join('bank.db').length))).toEqual([
      ': account had 1 rows when it was saved, and has 500 now',
      ': gone had 2 rows when it was saved, and has none, for it is not there now',
      ' is not what was saved: its SHA-256 is another one',
    ])
    makeBank(on.dir.join('bad.db'), 'delete')
    await damage(on.dir.join('bad.db'))
    await on.backUp({ path: 'bad.db' })
    expect(await verify(on, [])).toEqual([
      expect.objectContaining({ message: expect.stringContaining('as it was saved is damaged') }),
    ])
  })

  test('is stopped in the middle of a query that never ends', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    const endless = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n'
    const stop = new AbortController()
    const reason = new Error('stopped by this test')
    const running = verify(on, [{ sql: endless, expect: 1 }], stop.signal).then(
      () => 'finished',
      (error: unknown) => error,
    )
    await vi.waitFor(
      async () => {
        if (!(await cpuTicksOfChildren()).some((ticks) => ticks > MANY_TICKS)) throw new Error('it is not asked yet')
      },
      { timeout: 60_000, interval: 50 },
    )
    stop.abort(reason)
    expect(await running).toBe(reason)
    expect((await readdir(on.dir.path, { recursive: true })).filter((name) => /^scratch-\d+\/./.test(name))).toEqual([])
  })
})

async function verify(on: SqliteGround, assertions: readonly object[], signal?: AbortSignal) {
  const config = on.config({ path: 'bank.db', verify: assertions })
  return await sqliteSource.verify(config, await on.ground.point(), on.context(signal))
}

/** Spent by each process that this one has started, in hundredths of a second. */
async function cpuTicksOfChildren(): Promise<number[]> {
  const stats = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  )
  const fields = stats.map((text) => text.slice(text.lastIndexOf(')') + 2).split(' '))
  return fields.filter(([, parent]) => Number(parent) === process.pid).map((values) => Number(values[11]))
}
