import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { killable, runProcess } from '@hikae/testkit'
import { describe } from 'vitest'
import { sqliteSource } from '../../src/sources/sqlite/sqlite-source.ts'
import { audit, crashWithLog, makeBank } from './sqlite-bank.ts'
import { type SqliteGround, test } from './sqlite-fixture.ts'

const PROGRAM = join(import.meta.dirname, 'sqlite-undo-program.ts')
/** An undo makes fewer changes; each is tried. */
const MOST_CHANGES = 60

function versionOf(path: string): number {
  // A process that held the lock for one that was killed needs a moment to end.
  using database = new DatabaseSync(path, { timeout: 30_000 })
  const { integrity_check: integrity } = database.prepare('pragma integrity_check').get() as { integrity_check: string }
  if (integrity !== 'ok') throw new Error(`${path} is damaged: ${integrity}`)
  return Number(database.prepare('pragma user_version').get()!['user_version'])
}

function makeVersion(path: string, version: number): void {
  using database = new DatabaseSync(path)
  database.exec(`pragma journal_mode = wal; create table if not exists t(id); pragma user_version = ${version}`)
}

/** A database of version 1 is saved, made to be version 2, and restored; in `data`, as it is copied for each try. */
async function prepare(on: SqliteGround): Promise<string> {
  const bank = on.dir.join('data/bank.db')
  makeBank(bank, 'wal')
  makeVersion(bank, 1)
  await on.backUp({ path: 'data/*.db' })
  makeVersion(bank, 2)
  await on.restore()
  await cp(on.dir.join('data'), on.dir.join('prepared'), { recursive: true, preserveTimestamps: true })
  return bank
}

describe('an undo of a restore of a database', () => {
  test(
    'that is killed anywhere leaves one or the other, whole, and keeps the other',
    { timeout: 120_000 },
    async ({ on, expect }) => {
      const bank = await prepare(on)
      const seen = new Set<number>()
      for (let at = 1; at < MOST_CHANGES; at++) {
        await rm(on.dir.join('data'), { recursive: true })
        await cp(on.dir.join('prepared'), on.dir.join('data'), { recursive: true, preserveTimestamps: true })
        const { exitCode, signal } = await runProcess(process.execPath, ['-C', '@hikae/source', PROGRAM, on.dir.path], {
          env: killable({ folder: on.dir.join('data'), at }),
        })
        if (exitCode === 0) break
        expect(signal).toBe('SIGKILL')
        const present = versionOf(bank)
        seen.add(present)
        const kept = await sqliteSource.kept!(on.config({ path: 'data/*.db' }), on.context())
        const other = present === 1 ? 2 : 1
        expect(kept.map(({ place }) => versionOf(place))).toContain(other)
      }
      expect([...seen].toSorted((one, other) => one - other)).toEqual([1, 2])
      expect(versionOf(bank)).toBe(2)
      const names = await readdir(on.dir.join('data'))
      expect(names.filter((name) => /before-[\dTZ]+$/.test(name))).toHaveLength(1)
    },
  )

  test('is refused while a program has the present one open, and changes nothing', async ({ on, expect }) => {
    const bank = await prepare(on)
    using user = new DatabaseSync(bank)
    user.exec('select 1')
    const [copy] = await sqliteSource.kept!(on.config({ path: 'data/bank.db' }), on.context())
    const plan = await copy!.planUndo(on.context())
    expect(plan.steps.join('\n')).toContain('has to be stopped before')
    await expect(plan.apply(new AbortController().signal)).rejects.toMatchObject({
      message: expect.stringMatching(/is in use by \S+ \(process \d+\)/),
    })
    expect(versionOf(bank)).toBe(1)
    expect(versionOf(copy!.place)).toBe(2)
  })

  test('brings back what lay in the log beside the kept one', async ({ on, expect }) => {
    const bank = await prepare(on)
    const [copy] = await sqliteSource.kept!(on.config({ path: 'data/bank.db' }), on.context())
    await crashWithLog(copy!.place, on.dir.join('crash'), 3)
    await (await copy!.planUndo(on.context())).apply(new AbortController().signal)
    expect(audit(bank)).toMatchObject({ transfers: 3, wrongAccounts: 0, integrity: 'ok' })
    expect(versionOf(bank)).toBe(2)
    expect((await readdir(on.dir.join('data'))).filter((name) => /before-.*-(wal|shm)$/.test(name))).toEqual([])
  })
})
