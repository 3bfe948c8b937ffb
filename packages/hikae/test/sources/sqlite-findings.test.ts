import { mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeSmallDisk, skipBecause, whyNoSmallDisk } from '@hikae/testkit'
import { describe, vi } from 'vitest'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { makeBank } from './sqlite-bank.ts'
import { damage } from './sqlite-damage.ts'
import { type SqliteGround, test } from './sqlite-fixture.ts'
import { databaseProcesses } from './sqlite-processes.ts'

const noDisk = skipBecause(await whyNoSmallDisk())

describe('what is wrong with one of several databases', () => {
  test('makes the run incomplete and is named, and the others are saved', async ({ on, expect }) => {
    makeBank(on.dir.join('good.db'), 'wal')
    makeBank(on.dir.join('bad.db'), 'delete')
    await damage(on.dir.join('bad.db'))
    await writeFile(on.dir.join('encrypted.db'), randomBytes(8192))
    await writeFile(on.dir.join('note.db'), 'no database')
    const config = { path: ['*.db', 'absent.db'] }
    const { backup, reading } = await on.backUp(config)
    expect(backup.outcome).toBe('succeeded')
    expect(reading!.findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      `error: there is no file ${on.dir.join('absent.db')}`,
      `error: ${on.dir.join('encrypted.db')}: it is no SQLite database, or an encrypted one`,
      `error: ${on.dir.join('note.db')}: it is no SQLite database, or an encrypted one`,
      expect.stringContaining(`error: ${on.dir.join('bad.db')} is damaged: `),
    ])
    expect(reading!.findings.every(({ hint }) => hint !== undefined)).toBe(true)
    expect(await savedFiles(on)).toEqual([on.dir.join('bad.db'), on.dir.join('good.db')])
    const examined = await sqliteSource.examine(on.config(config), on.context())
    expect(examined.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      `warning: there is no file ${on.dir.join('absent.db')}`,
      `warning: ${on.dir.join('encrypted.db')} is no SQLite database, or an encrypted one`,
      `warning: ${on.dir.join('note.db')} is no SQLite database, or an encrypted one`,
    ])
  })

  test('is said of a file that is cut off, of which there is no copy to be had', async ({ on, expect }) => {
    makeBank(on.dir.join('good.db'), 'wal')
    makeBank(on.dir.join('cut.db'), 'delete')
    await truncate(on.dir.join('cut.db'), 4096 * 5)
    const { reading } = await on.backUp({ path: '*.db' })
    expect(reading!.findings).toEqual([
      {
        severity: 'error',
        message: `${on.dir.join('cut.db')}: database disk image is malformed`,
        hint: expect.stringContaining('earlier point'),
      },
    ])
    expect(await savedFiles(on)).toEqual([on.dir.join('good.db')])
  })

  test('is a warning when the check needs what only the application has', async ({ on, expect }) => {
    makeWithUnknownCollation(on.dir.join('app.db'))
    const { reading } = await on.backUp({ path: 'app.db' })
    expect(reading!.findings).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: expect.stringContaining('could not be checked: no such collation sequence: japanese'),
      }),
    ])
    const { reading: unchecked } = await on.backUp({ path: 'app.db', check: 'none' })
    expect(unchecked!.findings).toEqual([])
    await on.restore(on.dir.join('restored.db'))
    expect(await sqliteSource.verify(on.config({ path: 'app.db' }), await on.ground.point(), on.context())).toEqual([])
  })

  test('is logged when rows refer to rows that are not there, which is no fault of the copy', async ({
    on,
    expect,
  }) => {
    using database = new DatabaseSync(on.dir.join('app.db'), { enableForeignKeyConstraints: false })
    database.exec(`create table parent(id integer primary key); create table child(parent references parent(id));
      insert into child values (1), (2)`)
    const { reading } = await on.backUp({ path: 'app.db' })
    expect(reading).toMatchObject({ findings: [], facts: { databases: [{ foreignKeyViolations: 2 }] } })
    expect(on.ground.logged.join('\n')).toContain('warning: 2 rows refer to rows that are not there')
  })
})

describe('nothing that can be saved', () => {
  test('is an error by name, when examined and when read', async ({ on, expect }) => {
    const message = `there is no file ${on.dir.join('data/*.db')}`
    const config = on.config({ path: 'data/*.db' })
    expect(await sqliteSource.examine(config, on.context())).toEqual([
      { severity: 'error', message, hint: expect.any(String) },
    ])
    await expect(sqliteSource.open(config, on.context())).rejects.toThrow(message)
  })

  test('is an error when all that a glob matches is excluded', async ({ on, expect }) => {
    makeBank(on.dir.join('data/cache.db'), 'wal')
    const config = on.config({ path: 'data/*.db', exclude: ['cache*'] })
    await expect(sqliteSource.open(config, on.context())).rejects.toThrow('is excluded')
  })

  test('is an error when each file is something else', async ({ on, expect }) => {
    await writeFile(on.dir.join('a.db'), 'text')
    await writeFile(on.dir.join('b.db'), 'text')
    const config = on.config({ path: '*.db' })
    await expect(sqliteSource.open(config, on.context())).rejects.toThrow(/none of 2 databases .*a\.db/)
    expect(await sqliteSource.examine(config, on.context())).toEqual([
      expect.objectContaining({ severity: 'error' }),
      expect.objectContaining({ severity: 'error' }),
    ])
    expect(await readdir(on.dir.join('scratch-1'))).toEqual([])
  })

  test.skipIf(noDisk)('is an error when there is no room for a copy', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await using disk = await makeSmallDisk()
    const scratch = join(disk.path, 'scratch')
    await mkdir(scratch)
    await disk.fill(500_000)
    {
      using database = new DatabaseSync(on.dir.join('bank.db'))
      database.exec('create table large(content); insert into large values (randomblob(2000000))')
    }
    const context = { ...on.context(), scratchFolder: async () => scratch }
    const opening = sqliteSource.open(on.config({ path: 'bank.db' }), context)
    await expect(opening).rejects.toMatchObject({
      message: `${on.dir.join('bank.db')}: database or disk is full`,
      hint: expect.stringContaining('make room'),
    })
    expect(await readdir(scratch)).toEqual([])
  })

  test('is an error by name when the only database stays locked', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'delete')
    using lock = new DatabaseSync(on.dir.join('bank.db'))
    lock.exec('begin exclusive')
    const config = on.config({ path: 'bank.db', busyTimeout: '300ms' })
    await expect(sqliteSource.open(config, on.context())).rejects.toThrow(
      `${on.dir.join('bank.db')} has been locked by another program for 1 s`,
    )
  })
})

describe('the process that reads databases', () => {
  test('is missed when it ends, as by a file that crashes SQLite', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'delete')
    using lock = new DatabaseSync(on.dir.join('bank.db'))
    lock.exec('begin exclusive')
    const opening = sqliteSource.open(on.config({ path: 'bank.db' }), on.context()).catch((error: unknown) => error)
    await vi.waitFor(
      async () => {
        const [first] = await databaseProcesses()
        if (first === undefined || (await readdir(on.dir.join('scratch-1'))).length === 0) throw new Error('not yet')
        process.kill(first, 'SIGKILL')
      },
      { timeout: 30_000, interval: 20 },
    )
    expect(await opening).toMatchObject({
      message: `${on.dir.join('bank.db')}: the process that reads it was ended by SIGKILL`,
    })
    expect(await readdir(on.dir.join('scratch-1'))).toEqual([])
  })
})

describe('a database', () => {
  test('is waited for while it is locked', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'delete')
    const lock = new DatabaseSync(on.dir.join('bank.db'))
    lock.exec('begin exclusive')
    const running = on.backUp({ path: 'bank.db' })
    await vi.waitFor(() => readdir(on.dir.join('scratch-1')), { timeout: 30_000, interval: 10 })
    lock.close()
    expect((await running).reading!.findings).toEqual([])
  })

  test('that is also reached by a link is saved once, by its own name', async ({ on, expect }) => {
    makeBank(on.dir.join('real.db'), 'wal')
    await symlink('real.db', on.dir.join('a-link.db'))
    await on.backUp({ path: '*.db' })
    expect(await savedFiles(on)).toEqual([on.dir.join('real.db')])
  })

  test('whose name looks like a glob is taken by its name', async ({ on, expect }) => {
    makeBank(on.dir.join('[a].db'), 'wal')
    makeBank(on.dir.join('a.db'), 'wal')
    await on.backUp({ path: '[a].db' })
    expect(await savedFiles(on)).toEqual([on.dir.join('[a].db')])
  })

  test('with a name that SQLite could take for something else comes back', async ({ on, expect }) => {
    const name = 'a ?#%25&mode=memory\n名.db'
    makeBank(on.dir.join(name), 'wal')
    await on.backUp({ path: name })
    await rm(on.dir.join(name))
    await on.restore()
    expect(await readdir(on.dir.path)).toContain(name)
  })

  test('without a table is empty, and so is a file without a byte', async ({ on, expect }) => {
    await writeFile(on.dir.join('zero.db'), '')
    const { reading } = await on.backUp({ path: 'zero.db' })
    expect(reading).toMatchObject({ isEmpty: true, findings: [] })
    makeBank(on.dir.join('bank.db'), 'wal')
    const { reading: both } = await on.backUp({ path: '*.db' })
    expect(both).toMatchObject({ isEmpty: false, findings: [] })
  })
})

async function savedFiles(on: SqliteGround): Promise<string[]> {
  const files: string[] = []
  for await (const { path, type } of (await on.ground.point()).entries()) if (type === 'file') files.push(path)
  return files
}

function makeWithUnknownCollation(path: string): void {
  using database = new DatabaseSync(path, { defensive: false })
  database.exec(`create table person(name text); create index by_name on person(name); insert into person values ('x');
    pragma writable_schema = on;
    update sqlite_schema set sql = 'create index by_name on person(name collate japanese)' where name = 'by_name';
    pragma writable_schema = reset`)
}
