import { describe, test } from 'vitest'
import {
  bankTrouble,
  readBank,
  seedBank,
  skipBecause,
  startPostgres,
  startTransfers,
  whyNoPostgres,
} from '@hikae/testkit'

describe.skipIf(skipBecause(await whyNoPostgres()))('PostgreSQL', () => {
  test('answers, keeps what is committed when it is killed, and ends with its block', async ({ expect }) => {
    let log: () => Promise<string>
    {
      await using server = await startPostgres({ settings: { work_mem: '7MB' } })
      log = () => server.log()
      expect(await server.query('show work_mem; select 1, 2;')).toBe('7MB\n1|2')
      await server.query('create table kept as select 1 as id')
      await server.kill()
      await expect(server.query('select 1')).rejects.toThrow('exited with 2')
      await server.start()
      expect(await server.query('table kept')).toBe('1')
      await server.stop()
      await expect(server.query('select 1')).rejects.toThrow('exited with 2')
      await server.start()
      await expect(server.query('select 1; select 1/0; select 2')).rejects.toThrow('division by zero')
    }
    await expect(log()).rejects.toThrow('ENOENT')
  })

  test('a bank balances while money moves, and a change behind its back is seen', async ({ expect }) => {
    await using server = await startPostgres()
    await seedBank(server, { accounts: 50 })
    {
      await using _ = await startTransfers(server)
      await server.kill()
      await server.start()
      expect(await bankTrouble(server)).toBeUndefined()
    }
    const { transfers } = await readBank(server)
    expect(transfers).toBeGreaterThan(0)
    await server.query('update account set balance = balance + 1 where id = 1', { database: 'bank' })
    expect(await bankTrouble(server)).toBe(
      '50 accounts hold 50001 instead of 50000; 1 accounts are not as the ledger has them',
    )
    await server.query('delete from ledger where id = (select min(id) from ledger)', { database: 'bank' })
    expect(await bankTrouble(server)).toContain(`the ledger has ${transfers - 1} transfers`)
  })
})
