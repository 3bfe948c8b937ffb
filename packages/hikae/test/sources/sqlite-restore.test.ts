import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { runProcess, startProcess } from '@hikae/testkit'
import { describe } from 'vitest'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { audit, crashWithLog, makeBank, TOTAL, transfer } from './sqlite-bank.ts'
import { damage } from './sqlite-damage.ts'
import { test } from './sqlite-fixture.ts'

const TRANSFERS = join(import.meta.dirname, 'sqlite-transfers.ts')

describe('a restore in place', () => {
  test('keeps the old database whole, with what a crashed program left in its log', async ({ on, expect }) => {
    const bank = on.dir.join('data/bank.db')
    makeBank(bank, 'wal')
    await on.backUp({ path: 'data/bank.db' })
    await crashWithLog(bank, on.dir.join('crashed'), 3)
    const { kept, findings } = await on.restore()
    expect(findings).toEqual([])
    expect((await readdir(dirname(bank))).toSorted()).toEqual(['bank.db', kept!.slice(dirname(bank).length + 1)])
    expect(audit(bank)).toMatchObject({ transfers: 0, total: TOTAL })
    expect(audit(kept!)).toMatchObject({ transfers: 3, total: TOTAL, integrity: 'ok' })
  })

  test('replaces a database that SQLite cannot read any more, and keeps all of its files', async ({ on, expect }) => {
    const bank = on.dir.join('data/bank.db')
    makeBank(bank, 'wal')
    await on.backUp({ path: 'data/bank.db' })
    await writeFile(bank, 'what is this')
    await writeFile(`${bank}-wal`, 'and this')
    await writeFile(`${bank}-journal`, 'and that')
    const { kept } = await on.restore()
    expect(await readFile(kept!, 'utf8')).toBe('what is this')
    expect(await readFile(`${kept}-wal`, 'utf8')).toBe('and this')
    expect(await readFile(`${kept}-journal`, 'utf8')).toBe('and that')
    expect(audit(bank)).toMatchObject({ transfers: 0, integrity: 'ok' })
  })

  test('is not spoiled by the log of a database that is gone', async ({ on, expect }) => {
    const bank = on.dir.join('data/bank.db')
    makeBank(bank, 'wal')
    await on.backUp({ path: 'data/bank.db' })
    await crashWithLog(bank, on.dir.join('crashed'), 3)
    await rm(bank)
    await on.restore()
    expect(audit(bank)).toMatchObject({ transfers: 0, total: TOTAL, integrity: 'ok' })
  })

  test('is refused while a program has it open for writing, and says which', async ({ on, expect }) => {
    for (const mode of ['wal', 'delete'] as const) {
      const bank = on.dir.join(`${mode}.db`)
      makeBank(bank, mode)
      await on.backUp({ path: `${mode}.db` })
      await using writer = await startProcess(process.execPath, [TRANSFERS, bank])
      await writer.printed('moving')
      const plan = await on.plan()
      expect(plan.steps.join('\n')).toContain(`process ${writer.pid}`)
      await expect(plan.apply(new AbortController().signal)).rejects.toThrow(
        new RegExp(`${mode}\\.db is in use by .*\\(process ${writer.pid}\\)`),
      )
      expect((await readdir(on.dir.path)).filter((name) => name.includes('before') || name.startsWith('.'))).toEqual([])
    }
  })

  test('is refused while a program only has it open, without a lock', async ({ on, expect }) => {
    const bank = on.dir.join('bank.db')
    makeBank(bank, 'delete')
    await on.backUp({ path: 'bank.db' })
    using idle = new DatabaseSync(bank)
    expect(idle.isOpen).toBe(true)
    await expect(on.restore()).rejects.toThrow(`is in use by ${await ownName()} (process ${process.pid})`)
  })

  test('says who goes on reading the old one', async ({ on, expect }) => {
    const bank = on.dir.join('bank.db')
    makeBank(bank, 'delete')
    await on.backUp({ path: 'bank.db' })
    using reader = new DatabaseSync(bank, { readOnly: true })
    expect(reader.isOpen).toBe(true)
    const { findings } = await on.restore()
    expect(findings).toEqual([
      {
        severity: 'warning',
        message: `${await ownName()} (process ${process.pid}) still has the database open that was at ${bank} before`,
        hint: expect.any(String),
      },
    ])
  })

  test('goes through a link, and gives mode and time back', async ({ on, expect }) => {
    const bank = on.dir.join('data/bank.db')
    makeBank(bank, 'delete')
    await chmod(bank, 0o640)
    const before = await stat(bank)
    await symlink('data/bank.db', on.dir.join('link.db'))
    await on.backUp({ path: 'link.db' })
    using database = new DatabaseSync(bank)
    transfer(database, 1, 2, 5)
    database.close()
    const { place } = await on.restore()
    expect(place).toBe(bank)
    const after = await stat(bank)
    expect(after.mode & 0o777).toBe(0o640)
    expect(Math.abs(after.mtimeMs - before.mtimeMs)).toBeLessThan(0.01)
    expect(audit(on.dir.join('link.db')).transfers).toBe(0)
  })

  test('makes the folder again when it is gone', async ({ on, expect }) => {
    const bank = on.dir.join('srv/data/bank.db')
    makeBank(bank, 'wal')
    await chmod(dirname(bank), 0o751)
    await on.backUp({ path: 'srv/data/bank.db' })
    await rm(on.dir.join('srv'), { recursive: true })
    const { kept } = await on.restore()
    expect(kept).toBeUndefined()
    expect((await stat(dirname(bank))).mode & 0o777).toBe(0o751)
    expect(audit(bank)).toMatchObject({ total: TOTAL, integrity: 'ok' })
  })

  test('is refused of a database that was damaged when it was saved', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'delete')
    await damage(on.dir.join('bank.db'))
    await on.backUp({ path: 'bank.db' })
    await expect(on.plan()).rejects.toThrow('was damaged already when it was saved')
    const { findings } = await on.restore(on.dir.join('restored.db'))
    expect(findings).toEqual([expect.objectContaining({ severity: 'warning' })])
    expect(await readFile(on.dir.join('restored.db'))).toHaveLength((await stat(on.dir.join('bank.db'))).size)
  })

  test('is refused, before anything changes, of a database that is not what was saved', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'delete')
    await on.backUp({ path: 'bank.db' })
    const point = await on.ground.point()
    const writeTo = async (folder: string, path?: string): Promise<void> => {
      await point.writeTo(folder, path)
      using database = new DatabaseSync(join(folder, 'bank.db'))
      transfer(database, 1, 2, 5)
    }
    const before = await stat(on.dir.join('bank.db'))
    const plan = await sqliteSource.planRestore(on.config({ path: 'bank.db' }), { ...point, writeTo }, {}, on.context())
    await expect(plan.apply(new AbortController().signal)).rejects.toThrow(
      'ledger had 0 rows when it was saved, and has 1',
    )
    expect((await stat(on.dir.join('bank.db'))).ino).toBe(before.ino)
  })
})

describe('a restore to another place', () => {
  test('refuses a place where something is', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    await mkdir(on.dir.join('there'))
    await expect(on.plan(on.dir.join('there'))).rejects.toThrow('there is something at')
  })

  test('takes the name for a file, and for a folder with a slash at its end', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    await on.restore(on.dir.join('one/other.db'))
    await on.restore(`${on.dir.join('two')}/`)
    expect(audit(on.dir.join('one/other.db')).integrity).toBe('ok')
    expect(audit(on.dir.join('two/bank.db')).integrity).toBe('ok')
  })

  test('keeps how several databases lay to each other', async ({ on, expect }) => {
    makeBank(on.dir.join('srv/a/x.db'), 'wal')
    makeBank(on.dir.join('srv/b/c/x.db'), 'delete')
    await on.backUp({ path: 'srv/**/*.db' })
    await on.restore(on.dir.join('out'))
    expect((await readdir(on.dir.join('out'), { recursive: true })).toSorted()).toEqual([
      'a',
      'a/x.db',
      'b',
      'b/c',
      'b/c/x.db',
    ])
  })

  test('leaves nothing when it is stopped', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    const plan = await on.plan(on.dir.join('out/'))
    const before = await readdir(on.dir.path)
    const reason = new Error('stopped by this test')
    await expect(plan.apply(AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(await readdir(on.dir.path)).toEqual(before)
  })
})

describe('a point of another make', () => {
  test('is refused', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    await on.backUp({ path: 'bank.db' })
    const point = { ...(await on.ground.point()), facts: { databases: 'many' } }
    const config = on.config({ path: 'bank.db' })
    await expect(sqliteSource.planRestore(config, point, {}, on.context())).rejects.toThrow('does not say which SQLite')
  })
})

async function ownName(): Promise<string> {
  return (await runProcess('cat', [`/proc/${process.pid}/comm`])).stdout.trim()
}
