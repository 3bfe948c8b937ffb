import {
  bankTrouble,
  makeTempDir,
  seedBank,
  skipBecause,
  startDatabaseContainer,
  startDocker,
  startTransfers,
  whyNoDatabaseImage,
  whyNoDocker,
} from '@hikae/testkit'
import { describe, test } from 'vitest'
import { postgresSchema } from '../../src/sources/postgres/config.ts'
import { postgresSource } from '../../src/sources/postgres/postgres-source.ts'
import { SourceGround } from '../support/source-ground.ts'

const skip = skipBecause((await whyNoDocker()) ?? (await whyNoDatabaseImage('postgres')))

describe.skipIf(skip)('PostgreSQL in a container', () => {
  test('is saved, replaced and put back by the programs in there, of which nothing stays', async ({
    expect,
    signal,
  }) => {
    await using docker = await startDocker()
    await using dir = await makeTempDir()
    const ground = await SourceGround.create(dir)
    const bank = await startDatabaseContainer(docker, 'postgres', { name: 'shop-db', options: ['--init'] })
    await seedBank(bank)
    await using transfers = await startTransfers(bank)
    const config = postgresSchema.parse({ engine: { host: docker.host }, container: 'shop-db', databases: ['bank'] })
    const context = ground.context(dir.path, signal)
    const files = await docker.docker('diff', 'shop-db')
    expect(await postgresSource.examine(config, context)).toEqual([])
    const { backup } = await ground.backUp(postgresSource, config, context)
    expect(backup.outcome).toBe('succeeded')
    const point = await ground.point()
    const restored = await (await postgresSource.planRestore(config, point, {}, context)).apply(signal)
    expect(restored.kept).toContain('bank_before_')
    await transfers.stop()
    expect(await bankTrouble(bank)).toBeUndefined()
    expect(await postgresSource.verify(config, point, context)).toEqual([])
    const some = await postgresSource.planRestore(config, point, { only: ['public.ledger'], to: 'part' }, context)
    await some.apply(signal)
    expect(Number(await bank.query('select count(*) from ledger', { database: 'part' }))).toBeGreaterThan(0)
    const sessions = "select count(*) from pg_stat_activity where application_name = 'hikae'"
    await expect.poll(() => bank.query(sessions)).toBe('0')
    const outside = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => !line.includes('/var/lib/postgresql'))
        .toSorted()
    expect(outside(await docker.docker('diff', 'shop-db'))).toEqual(outside(files))
  })
})
