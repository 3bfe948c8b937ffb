import {
  bankTrouble,
  readBank,
  seedBank,
  skipBecause,
  startDatabaseContainer,
  startTransfers,
  whyNoDatabaseImage,
  whyNoDocker,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import { test } from './docker-volumes-ground.ts'

const DATA = '/var/lib/postgresql/data'

describe.skipIf(skipBecause((await whyNoDocker()) ?? (await whyNoDatabaseImage('postgres'))))(
  'PostgreSQL in a volume that is saved while somebody writes',
  () => {
    test(
      'starts with what comes back, and its rows balance',
      { timeout: 120_000 },
      async ({ docker, ground, context, expect }) => {
        const [volume, name] = [docker.name('pgdata'), docker.name('postgres')]
        const start = () =>
          startDatabaseContainer(docker.docker, 'postgres', { name, options: ['--volume', `${volume}:${DATA}`] })
        const server = await start()
        await seedBank(server, { accounts: 200 })
        const config = docker.config({ names: [volume], quiesce: 'stop' })
        {
          await using _ = await startTransfers(server)
          const { findings } = await ground.backUp(dockerVolumesSource, config, context)
          expect(findings).toEqual([])
          // It runs again, and so do those who write.
          await server.untilReady()
        }
        expect(await bankTrouble(server)).toBeUndefined()
        const { transfers } = await readBank(server)
        expect(transfers).toBeGreaterThan(0)

        await docker.docker.docker('rm', '--force', '--volumes', name)
        await docker.docker.docker('volume', 'rm', volume)
        const plan = await dockerVolumesSource.planRestore(config, await ground.point(), {}, context)
        expect((await plan.apply(context.signal)).findings).toEqual([])
        const again = await start()
        expect(await bankTrouble(again)).toBeUndefined()
        const restored = await readBank(again)
        expect(restored.transfers).toBeGreaterThan(0)
        // Not what came after the backup.
        expect(restored.transfers).toBeLessThanOrEqual(transfers)

        // In place, with the server running: it is stopped, and found well with what it had then.
        const undo = await dockerVolumesSource.planRestore(config, await ground.point(), {}, context)
        await again.query('update account set balance = balance + 1;', { database: 'bank' })
        expect(await bankTrouble(again)).toBeDefined()
        await undo.apply(context.signal)
        await again.untilReady()
        expect(await readBank(again)).toEqual(restored)
        await docker.docker.docker('rm', '--force', '--volumes', name)
      },
    )
  },
)
