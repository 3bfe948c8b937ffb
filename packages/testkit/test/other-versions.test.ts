import { describe, test } from 'vitest'
import {
  bankTrouble,
  type BankServer,
  type DatabaseServer,
  runOk,
  seedBank,
  skipBecause,
  startMysql,
  startPostgres,
  startRedis,
  startTransfers,
  whyNoMysql,
  whyNoPostgres,
  whyNoRedis,
} from '@hikae/testkit'

interface Version {
  readonly name: string
  readonly why: string | undefined
  readonly start: () => Promise<BankServer & DatabaseServer & { readonly binDir: string }>
  readonly client: string
  readonly says: RegExp
}

const versions: Version[] = [
  {
    name: 'PostgreSQL 17',
    why: await whyNoPostgres('17'),
    start: () => startPostgres({ version: '17' }),
    client: 'pg_dump',
    says: / 17\./,
  },
  { name: 'MySQL', why: await whyNoMysql(), start: () => startMysql(), client: 'mysqldump', says: /Ver 9\./ },
  {
    name: 'Valkey',
    why: await whyNoRedis('valkey-8.1'),
    start: () => startRedis({ version: 'valkey-8.1' }),
    client: 'valkey-cli',
    says: / 8\.1\./,
  },
]

describe.for(versions)('$name', ({ why, start, client, says }) => {
  test.skipIf(skipBecause(why))('holds a bank, and has clients of its own version', async ({ expect }) => {
    await using server = await start()
    await seedBank(server, { accounts: 50 })
    {
      await using _ = await startTransfers(server)
      expect(await bankTrouble(server)).toBeUndefined()
    }
    await server.stop()
    await server.start()
    expect(await bankTrouble(server)).toBeUndefined()
    expect((await runOk(`${server.binDir}/${client}`, ['--version'])).stdout).toMatch(says)
  })
})
