import { copyFile, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startProcess } from '@hikae/testkit'
import { describe } from 'vitest'
import { ACCOUNTS, audit, makeBank, TOTAL, transfer } from './sqlite-bank.ts'
import { test } from './sqlite-fixture.ts'

const SNAPSHOTS = 5
const TRANSFERS = join(import.meta.dirname, 'sqlite-transfers.ts')

describe.each(['wal', 'delete'] as const)('a database in %s mode in which money moves all the time', (mode) => {
  test('has the right total in every snapshot, and its accounts agree with its ledger', async ({ on, expect }) => {
    const bank = on.dir.join('bank.db')
    makeBank(bank, mode)
    await using writer = await startProcess(process.execPath, [TRANSFERS, bank])
    await writer.printed('moving')
    let before = 0
    for (let number = 1; number <= SNAPSHOTS; number++) {
      const { backup, reading } = await on.backUp({ path: 'bank.db' })
      expect(backup.outcome).toBe('succeeded')
      expect(reading?.findings).toEqual([])
      const copy = on.dir.join(`copy-${number}.db`)
      await on.restore(copy)
      const seen = audit(copy)
      expect(seen).toMatchObject({ total: TOTAL, wrongAccounts: 0, integrity: 'ok' })
      expect(seen.transfers).toBeGreaterThan(before)
      before = seen.transfers
    }
  })
})

describe('a plain copy of a live file', () => {
  test('is not what the database ever was, though its integrity check says ok', async ({ on, expect }) => {
    const bank = on.dir.join('bank.db')
    makeBank(bank, 'delete')
    using writer = new DatabaseSync(bank)
    const { size } = await stat(bank)
    const copy = on.dir.join('copy.db')
    await copyPart(bank, copy, 0, size / 2)
    // The first account is copied already, the last one is not: as when cp is overtaken on a busy machine.
    transfer(writer, 1, ACCOUNTS, 700)
    await copyPart(bank, copy, size / 2, size)
    const seen = audit(copy)
    expect(seen.integrity).toBe('ok')
    expect(seen.total).toBe(TOTAL + 700)
    expect(seen.wrongAccounts).toBeGreaterThan(0)
    await on.backUp({ path: 'bank.db' })
    await on.restore(on.dir.join('restored.db'))
    expect(audit(on.dir.join('restored.db'))).toMatchObject({ total: TOTAL, wrongAccounts: 0, transfers: 1 })
  })

  test('in WAL mode misses what is in the log', async ({ on, expect }) => {
    const bank = on.dir.join('bank.db')
    makeBank(bank, 'wal')
    using writer = new DatabaseSync(bank)
    transfer(writer, 1, 2, 5)
    await copyFile(bank, on.dir.join('copy.db'))
    expect(audit(on.dir.join('copy.db')).transfers).toBe(0)
    await on.backUp({ path: 'bank.db' })
    await on.restore(on.dir.join('restored.db'))
    expect(audit(on.dir.join('restored.db')).transfers).toBe(1)
  })
})

describe('a database that is saved', () => {
  test('is read again when only its log has changed', async ({ on, expect }) => {
    const bank = on.dir.join('bank.db')
    makeBank(bank, 'wal')
    using writer = new DatabaseSync(bank)
    writer.exec('pragma wal_autocheckpoint = 0')
    transfer(writer, 1, 2, 5)
    await on.backUp({ path: 'bank.db' })
    const before = await stat(bank, { bigint: true })
    transfer(writer, 3, 4, 5)
    expect((await stat(bank, { bigint: true })).mtimeNs).toBe(before.mtimeNs)
    await on.backUp({ path: 'bank.db' })
    await on.restore(on.dir.join('restored.db'))
    expect(audit(on.dir.join('restored.db')).transfers).toBe(2)
  })

  test('is the only thing in the snapshot, and nothing is left beside the original', async ({ on, expect }) => {
    const bank = on.dir.join('data/bank.db')
    makeBank(bank, 'wal')
    await on.backUp({ path: 'data/*' })
    const point = await on.ground.point()
    const files: string[] = []
    for await (const { path, type } of point.entries()) if (type === 'file') files.push(path)
    expect(files).toEqual([bank])
    expect(await readdir(on.dir.join('data'))).toEqual(['bank.db'])
    using user = new DatabaseSync(bank)
    transfer(user, 1, 2, 5)
    expect((await readdir(on.dir.join('data'))).toSorted()).toEqual(['bank.db', 'bank.db-shm', 'bank.db-wal'])
    const { reading } = await on.backUp({ path: 'data/*' })
    expect(reading).toMatchObject({ findings: [], facts: { databases: [{ path: bank }] } })
  })

  test('has facts that say what is in it', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'wal')
    using database = new DatabaseSync(on.dir.join('bank.db'))
    database.exec('pragma user_version = 7; pragma application_id = 99')
    const { reading } = await on.backUp({ path: 'bank.db', check: 'quick' })
    expect(reading!.facts).toMatchObject({
      sqliteVersion: process.versions['sqlite'],
      databases: [
        {
          path: on.dir.join('bank.db'),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          pageSize: 4096,
          userVersion: 7,
          applicationId: 99,
          journalMode: 'wal',
          tables: { account: ACCOUNTS, ledger: 0 },
          check: 'quick',
          damage: [],
          foreignKeyViolations: 0,
        },
      ],
    })
  })

  test('has a copy that only we can read', async ({ on, expect }) => {
    makeBank(on.dir.join('bank.db'), 'delete')
    const { sqliteSource } = await import('../../src/sources/sqlite/sqlite-source.ts')
    const scratch = on.dir.join('scratch-1')
    {
      await using _ = await sqliteSource.open(on.config({ path: 'bank.db' }), on.context())
      expect(await readdir(scratch)).toEqual(['1.db'])
      expect((await stat(join(scratch, '1.db'))).mode & 0o777).toBe(0o600)
    }
    expect(await readdir(scratch)).toEqual([])
  })
})

/** As cp does: what is in the file at that moment. */
async function copyPart(from: string, to: string, start: number, end: number): Promise<void> {
  await using source = await open(from, 'r')
  await using target = await open(to, start === 0 ? 'w' : 'r+')
  const bytes = Buffer.alloc(end - start)
  await source.read(bytes, 0, bytes.length, start)
  await target.write(bytes, 0, bytes.length, start)
}
