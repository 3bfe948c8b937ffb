import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { killable, runOk, runProcess, watchSystemCalls } from '@hikae/testkit'
import { describe } from 'vitest'
import { audit, crashWithLog, makeBank, TOTAL } from './sqlite-bank.ts'
import { type SqliteGround, test } from './sqlite-fixture.ts'

const PROGRAM = join(import.meta.dirname, 'sqlite-swap-program.ts')
const CRASHED_TRANSFERS = 3
/** A restore makes fewer changes; each is tried. */
const MOST_CHANGES = 60

describe('a restore in place that is killed', () => {
  test(
    'leaves the old or the new database, whole, wherever that happens',
    { timeout: 240_000 },
    async ({ on, expect }) => {
      const bank = on.dir.join('data/bank.db')
      const args = await prepare(on, bank)
      const seen = new Set<string>()
      for (let at = 1; at < MOST_CHANGES; at++) {
        await makeOld(on, bank, at)
        const { exitCode, signal } = await runProcess(process.execPath, args, {
          env: killable({ folder: on.dir.join('data'), at }),
        })
        if (exitCode === 0) break
        expect(signal).toBe('SIGKILL')
        const state = stateOf(bank)
        expect(['old', 'new']).toContain(state)
        seen.add(state)
        // The next restore ends well, removes what was left, and what was kept before is whole.
        await runOk(process.execPath, args)
        expect(stateOf(bank)).toBe('new')
        const names = await readdir(on.dir.join('data'))
        expect(names.filter((name) => name.startsWith('.'))).toEqual([])
        const kept = names.filter((name) => /^bank\.db\.before-[\dTZ]+(-\d+)?$/.test(name))
        expect(kept.map((name) => stateOf(on.dir.join('data', name)))).toContain('old')
      }
      expect([...seen].toSorted()).toEqual(['new', 'old'])
      expect(stateOf(bank)).toBe('new')
    },
  )
})

describe('a restore in place on a file system without second names for files', () => {
  test('keeps a copy of the old database', async ({ on, expect }) => {
    const bank = on.dir.join('data/bank.db')
    await prepare(on, bank)
    await makeOld(on, bank, 1)
    let refused = 0
    using _ = watchSystemCalls(on.dir.join('data'), ({ name }) => {
      if (name !== 'link') return undefined
      refused++
      return { kind: 'error', code: 'EPERM' }
    })
    const { kept } = await on.restore()
    expect(refused).toBeGreaterThan(0)
    expect(stateOf(kept!)).toBe('old')
    expect(stateOf(bank)).toBe('new')
  })
})

/** The new database, saved and waiting. @returns arguments for the program */
async function prepare(on: SqliteGround, bank: string): Promise<string[]> {
  makeBank(bank, 'wal')
  {
    using database = new DatabaseSync(bank)
    database.exec('pragma user_version = 2; create table more(id); insert into more values (1), (2), (3)')
  }
  const { reading } = await on.backUp({ path: 'data/bank.db' })
  await on.restore(on.dir.join('saved.db'))
  const [facts] = reading!.facts['databases'] as unknown[]
  await writeFile(on.dir.join('facts.json'), JSON.stringify(facts))
  return ['-C', '@hikae/source', PROGRAM, on.dir.join('saved.db'), on.dir.join('facts.json')]
}

/** A program that was killed has left its last transfers in the log. */
async function makeOld(on: SqliteGround, bank: string, number: number): Promise<void> {
  await rm(on.dir.join('data'), { recursive: true })
  makeBank(bank, 'wal')
  await crashWithLog(bank, on.dir.join(`crash-${number}`), CRASHED_TRANSFERS)
}

function stateOf(path: string): string {
  const { total, transfers, integrity, wrongAccounts } = audit(path)
  if (total !== TOTAL || integrity !== 'ok' || wrongAccounts > 0) return `damaged: ${integrity}`
  using database = new DatabaseSync(path)
  const version = Number(database.prepare('pragma user_version').get()!['user_version'])
  if (version === 0 && transfers === CRASHED_TRANSFERS) return 'old'
  return version === 2 && transfers === 0 ? 'new' : `version ${version} with ${transfers} transfers`
}
