import { describe, test } from 'vitest'
import {
  bankTrouble,
  runProcess,
  seedBank,
  skipBecause,
  startMariadb,
  startTransfers,
  whyNoMariadb,
} from '@hikae/testkit'

describe.skipIf(skipBecause(await whyNoMariadb()))('MariaDB', () => {
  test('lets nobody in by the network without the password', async ({ expect }) => {
    await using server = await startMariadb()
    const address = ['--no-defaults', `--host=${server.host}`, `--port=${server.port}`, `--user=${server.user}`]
    const ask = async (MYSQL_PWD: string | undefined) =>
      await runProcess('mariadb', [...address, '-e', 'select 1'], { env: { MYSQL_PWD } })
    expect(await ask(server.password)).toMatchObject({ exitCode: 0, stdout: '1\n1\n' })
    expect(await ask(undefined)).toMatchObject({ exitCode: 1, stdout: '' })
  })

  test('a bank balances while money moves and the server is killed, and a change behind its back is seen', async ({
    expect,
  }) => {
    await using server = await startMariadb({ settings: { log_bin: 'changes' } })
    expect(await server.query('select @@log_bin, current_user()')).toBe('1\troot@localhost')
    await seedBank(server, { database: 'a `bank`', accounts: 50 })
    const place = { database: 'a `bank`' }
    {
      await using _ = await startTransfers(server, place)
      await server.kill()
      await expect(server.query('select 1')).rejects.toThrow('exited with 1')
      await server.start()
      expect(await bankTrouble(server, place)).toBeUndefined()
    }
    await server.stop()
    await server.start()
    expect(await bankTrouble(server, place)).toBeUndefined()
    await server.query('update account set balance = balance - 1, tx_in = tx_in + 1 where id = 1', place)
    expect(await bankTrouble(server, place)).toBe(
      '50 accounts hold 49999 instead of 50000; 1 accounts are not as the ledger has them',
    )
  })
})
