import { beforeAll, describe, test } from 'vitest'
import {
  bankTrouble,
  type BankServer,
  seedBank,
  skipBecause,
  startDatabaseContainer,
  startDocker,
  startTransfers,
  type TestDocker,
  whyNoDatabaseImage,
  whyNoDocker,
} from '@hikae/testkit'

const why =
  (await whyNoDocker()) ??
  (await whyNoDatabaseImage('postgres')) ??
  (await whyNoDatabaseImage('mariadb')) ??
  (await whyNoDatabaseImage('redis'))

describe.skipIf(skipBecause(why))('a database in a container', () => {
  let docker: TestDocker
  beforeAll(async () => {
    docker = await startDocker()
    return () => docker[Symbol.asyncDispose]()
  })

  const cases: [string, () => Promise<BankServer & { untilReady(): Promise<void> }>][] = [
    ['postgres', () => startDatabaseContainer(docker, 'postgres', { name: 'postgres', password: 'a b:c' })],
    ['mariadb', () => startDatabaseContainer(docker, 'mariadb', { name: 'mariadb', password: 'a b:c' })],
    ['redis', () => startDatabaseContainer(docker, 'redis', { name: 'redis' })],
  ]
  test.for(cases)('%s holds a bank, ends orderly, and has it when it comes back', async ([name, start], { expect }) => {
    const server = await start()
    await seedBank(server, { accounts: 50 })
    {
      await using _ = await startTransfers(server)
      expect(await bankTrouble(server)).toBeUndefined()
      await docker.docker('stop', name)
    }
    expect(await docker.docker('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0')
    await docker.docker('start', name)
    await server.untilReady()
    expect(await bankTrouble(server)).toBeUndefined()
  })

  test('which was given no password does not start, and says why', async ({ expect }) => {
    const image = await docker.addDatabaseImage('postgres')
    const { exitCode, stderr } = await docker.tryDocker(['run', '--rm', image])
    expect([exitCode, stderr.trim()]).toEqual([
      1,
      'Error: Database is uninitialized and superuser password is not specified.',
    ])
  })
})
