import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, vi } from 'vitest'
import { swarmSource } from '../../src/sources/swarm/swarm-source.ts'
import { openManager } from '../../src/sources/swarm/manager/open-manager.ts'
import { printFile } from '../../src/sources/swarm/read/print-file.ts'
import { sharedSwarm, skip, test } from './swarm-test.ts'

const swarm = sharedSwarm()
const docker = (...args: string[]): Promise<string> => swarm().docker.docker(...args)

async function startService(name: string, ...flags: string[]): Promise<void> {
  await swarm().startService(name, ...flags)
  await swarm().running(name, 1)
}

/** As large as a swarm takes it, and no text: every byte there is, over and over. */
const LARGE = Buffer.from(Array.from({ length: 500_000 }, (_, at) => (at * 7) % 256))

describe.skipIf(skip)('secrets of a swarm', () => {
  test('are read in running tasks, byte for byte, and each that cannot be is named', async ({ on, expect }) => {
    await swarm().begin()
    const file = on.dir.join('value')
    await writeFile(file, LARGE)
    await docker('secret', 'create', 'large', file)
    await writeFile(file, 'unspoken')
    for (const name of ['unused', 'hidden']) await docker('secret', 'create', name, file)
    await docker('secret', 'create', '--template-driver', 'golang', 'template', file)
    await startService('web', '--secret', 'source=large,target=/deep/in/it', '--secret', 'template')
    // Without a program that could print it.
    await startService('bare', '--secret', 'hidden', '--env', 'PATH=/nowhere')
    const config = swarm().config({ secrets: { values: 'from-tasks' } })

    const { findings } = await on.backUp(config)
    const messages = findings.map(({ message }) => message)
    expect(messages).toEqual([
      expect.stringMatching(
        /^the value of the secret hidden is not in the backup: cannot read \/run\/secrets\/hidden in the container [0-9a-f]{12}: its image has no program `cat`$/,
      ),
      'the value of the secret template is not in the backup: it is a template, and tasks only see what was made of it',
      'the value of the secret unused is not in the backup: no running task on this node uses it',
    ])
    const examined = await swarmSource.examine(config, on.context())
    expect(examined.map(({ message }) => message)).toEqual(messages.slice(1))

    const point = await on.ground.point()
    expect(point.facts['secretsWithoutValue']).toEqual(['hidden', 'template', 'unused'])
    await on.restore(config, 'folder')
    const folder = on.dir.join('folder/swarm/secrets')
    expect((await readdir(folder)).filter((name) => name.endsWith('.value'))).toEqual(['large.value'])
    expect((await readFile(join(folder, 'large.value'))).equals(LARGE)).toBe(true)
    const said = JSON.stringify([point.facts, on.ground.logged, findings])
    expect(said).not.toContain('unspoken')
    expect(said).not.toContain(LARGE.subarray(0, 16).toString('base64'))
  })

  test('that a container does not give in time, or not whole, are given up', async ({ on, expect }) => {
    await swarm().begin()
    await startService('web')
    const [container] = await swarm().containers('web')
    await docker('exec', container!, 'mkfifo', '/pipe')
    await using manager = await openManager(swarm().config(), on.context())
    const options = { signal: new AbortController().signal, patienceMs: 3000 }
    await expect(printFile(manager.api, container!, '/pipe', options)).rejects.toThrow('no end of it after')
    await expect(printFile(manager.api, container!, '/absent', options)).rejects.toThrow('No such file or directory')

    // It prints the file once and not twice, as when the connection breaks off.
    const broken = 'rm /usr/bin/cat; printf "#!/bin/sh\nprintf abc" >/usr/bin/cat; chmod +x /usr/bin/cat'
    await docker('exec', container!, 'sh', '-c', broken)
    await expect(printFile(manager.api, container!, '/file', options)).rejects.toThrow('did not come whole')
  })

  test('are in no snapshot when the engine dies while they are read', async ({ on, expect }) => {
    await swarm().begin()
    await writeFile(on.dir.join('value'), 'content')
    await docker('secret', 'create', 'key', on.dir.join('value'))
    await startService('web', '--secret', 'key')
    const [container] = await swarm().containers('web')
    const cat = '#!/bin/sh\necho >/begun\nexec sleep 1000\n'
    await docker(
      'exec',
      container!,
      '/usr/bin/sh',
      '-c',
      'rm /usr/bin/cat; printf "$1" >/usr/bin/cat; chmod +x /usr/bin/cat',
      'sh',
      cat,
    )
    const outcome = on.backUp(swarm().config({ secrets: { values: 'from-tasks' } })).then(
      () => 'finished',
      (error: unknown) => error,
    )
    await vi.waitFor(() => docker('exec', container!, 'test', '-e', '/begun'), { timeout: 30_000, interval: 50 })
    await swarm().docker.kill()
    expect(await outcome).toMatchObject({ name: 'DockerError' })
    expect(await on.ground.snapshotCount()).toBe(0)
    await swarm().docker.start()
  })
})
