import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TempDir } from '@hikae/testkit'
import { vi } from 'vitest'
import { type SqliteConfig, sqliteSchema } from '../../src/sources/sqlite/config.ts'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { describeSource, type SourceSubject } from '../support/describe-source.ts'
import { damage } from './sqlite-damage.ts'
import { databaseProcesses } from './sqlite-processes.ts'

describeSource('sqlite', async (dir): Promise<SourceSubject<SqliteConfig>> => {
  const folder = dir.join('stack')
  const app = join(folder, 'app')
  await mkdir(app, { recursive: true })
  make(join(app, 'shop.db'), 'wal', 'create table item(id integer primary key, name); insert into item values (1, 1.5)')
  make(join(app, 'log 名.db'), 'delete', "create table line(text); insert into line values ('a'), (x'00ff'), (null)")
  make(join(folder, 'empty.db'), 'delete', '')
  make(join(folder, 'damaged.db'), 'delete', 'create table item(name)')
  await damage(join(folder, 'damaged.db'))
  make(join(folder, 'locked.db'), 'delete', 'create table item(name)')
  const lock = new DatabaseSync(join(folder, 'locked.db'))
  lock.exec('begin exclusive')
  const config = (path: string | string[]): SqliteConfig => sqliteSchema.parse({ path })
  return {
    kind: sqliteSource,
    config: config('app/*.db'),
    folder,
    content: async (to = app) => await contentOf(to),
    elsewhere: dir.join('elsewhere/of/it'),
    async change() {
      make(join(app, 'shop.db'), 'wal', 'delete from item; create table basket(id); insert into basket values (7)')
      await rm(join(app, 'log 名.db'))
    },
    empty: config('empty.db'),
    failing: config(['app/*.db', 'damaged.db']),
    lasting: { config: config('locked.db'), begun: () => waitForCopy(dir) },
    traces: async () => ({
      copies: (await readdir(dir.path, { recursive: true })).filter((name) => /scratch-\d+\/./.test(name)),
      files: await readdir(folder, { recursive: true }),
      processes: await databaseProcesses(),
    }),
    async [Symbol.asyncDispose]() {
      lock.close()
    },
  }
})

function make(path: string, journalMode: string, sql: string): void {
  using database = new DatabaseSync(path)
  database.exec(`pragma journal_mode = ${journalMode}; ${sql}`)
}

/** By file: its permissions, its journal mode, and all rows of all tables. */
async function contentOf(folder: string): Promise<unknown> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.db')).toSorted()
  return await Promise.all(
    files.map(async (name) => {
      const path = join(folder, name)
      const { mode } = await stat(path)
      using database = new DatabaseSync(path)
      const tables = database.prepare('select name from sqlite_schema order by name').all()
      const rows = tables.map((table) => database.prepare(`select * from ${String(table['name'])}`).all())
      return { name, mode, tables, rows, journal: database.prepare('pragma journal_mode').get() }
    }),
  )
}

/** It is made before the database is asked for, which is locked. */
async function waitForCopy(dir: TempDir): Promise<void> {
  await vi.waitFor(
    async () => {
      const names = await readdir(dir.path, { recursive: true })
      if (!names.some((name) => /^scratch-\d+\/1\.db$/.test(name))) throw new Error('there is no copy yet')
    },
    { timeout: 30_000, interval: 20 },
  )
}
