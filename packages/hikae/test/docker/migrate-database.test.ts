import {
  bankTrouble,
  readBank,
  seedBank,
  skipBecause,
  sqlInContainer,
  startDatabaseContainer,
  startTransfers,
  whyNoDatabaseImage,
  whyNoDocker,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MigrateGround } from './migrate-ground.ts'

const skip = skipBecause((await whyNoDocker()) ?? (await whyNoDatabaseImage('postgres')))

describe.skipIf(skip)('PostgreSQL that is moved while somebody writes', () => {
  let ground: MigrateGround

  beforeAll(async () => {
    ground = await MigrateGround.start()
  })
  afterAll(() => ground?.[Symbol.asyncDispose]())

  test(
    'starts there, its rows balance, and none that was written before is missing',
    { timeout: 120_000 },
    async () => {
      const { from, to } = ground
      const { project, flags } = await ground.emptyProject()
      const name = project.container('app')
      const volume = `${project.name}_data:/var/lib/postgresql/data`
      const server = await startDatabaseContainer(from, 'postgres', { name, options: [...flags, '--volume', volume] })
      await seedBank(server, { accounts: 100 })
      {
        await using _ = await startTransfers(server)
        const { findings, stopped } = await ground.migrate(project.request('stopped'))
        expect({ findings, stopped }).toEqual({ findings: [], stopped: [name] })
      }
      const copy = sqlInContainer(to, 'postgres', server)
      await copy.untilReady()
      expect(await bankTrouble(copy)).toBeUndefined()
      await from.docker('start', name)
      await server.untilReady()
      const { transfers } = await readBank(server)
      expect(transfers).toBeGreaterThan(0)
      expect(await readBank(copy)).toMatchObject({ transfers })
    },
  )
})
