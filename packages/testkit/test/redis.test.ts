import { describe, test } from 'vitest'
import { bankTrouble, seedBank, skipBecause, startRedis, startTransfers, whyNoRedis } from '@hikae/testkit'

describe.skipIf(skipBecause(await whyNoRedis()))('Redis', () => {
  test('a bank balances while money moves, and a change behind its back is seen', async ({ expect }) => {
    await using server = await startRedis({ acl: ['backup on >secret +ping'], settings: { maxmemory: '100mb' } })
    expect(await server.command(['CONFIG', 'GET', 'maxmemory'])).toBe('maxmemory\n104857600')
    expect(await server.command(['ACL', 'USERS'])).toBe('backup\ndefault')
    await seedBank(server, { accounts: 50, number: 3 })
    {
      await using _ = await startTransfers(server, { number: 3 })
      expect(await bankTrouble(server, { number: 3 })).toBeUndefined()
    }
    await server.stop()
    await server.start()
    expect(await bankTrouble(server, { number: 3 })).toBeUndefined()
    await server.command(['HINCRBY', 'account:1', 'balance', '1'], { database: 3 })
    expect(await bankTrouble(server, { number: 3 })).toContain('50 accounts hold 50001')
    expect(await bankTrouble(server)).toContain('there are no accounts')
  })

  test('with an append-only file, what was written is there after it was killed', async ({ expect }) => {
    await using server = await startRedis({ appendonly: true, password: '' })
    await server.command(['SET', 'a', 'b'])
    await server.kill()
    await expect(server.command(['GET', 'a'])).rejects.toThrow('Could not connect')
    await server.start()
    expect(await server.command(['GET', 'a'])).toBe('b')
    await expect(server.command(['NONSENSE'])).rejects.toThrow('unknown command')
  })
})
