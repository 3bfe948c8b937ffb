import { writeFile } from 'node:fs/promises'
import { describe, vi } from 'vitest'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { swarmSource } from '../../src/sources/swarm/swarm-source.ts'
import { sharedSwarm, skip, test } from './swarm-test.ts'

const swarm = sharedSwarm()
const docker = (...args: string[]): Promise<string> => swarm().docker.docker(...args)

/** A point at whose file something happens when it is read again: the first time is before anything is made. */
function atSecondRead(point: SourcePoint, file: string, act: () => Promise<void>): SourcePoint {
  let reads = 0
  return {
    ...point,
    async *content(path) {
      if (path.endsWith(file) && ++reads === 2) await act()
      yield* point.content(path)
    },
  }
}

describe.skipIf(skip)('a restore of a swarm that cannot be had', () => {
  test('refuses a config that is in use and another one, and changes nothing; one that nobody uses is replaced', async ({
    on,
    expect,
  }) => {
    await swarm().begin()
    const [old, other] = [on.dir.join('old'), on.dir.join('other')]
    await writeFile(old, 'as it was')
    await writeFile(other, 'another')
    await docker('config', 'create', 'app', old)
    await docker('config', 'create', 'idle', old)
    await swarm().startService('web', '--config', 'app')
    const config = swarm().config()
    await on.backUp(config)
    await docker('service', 'rm', 'web')
    for (const name of ['app', 'idle']) {
      await docker('config', 'rm', name)
      await docker('config', 'create', name, other)
    }
    await swarm().startService('web', '--config', 'app', '--env', 'A=1')

    await expect(on.plan(config)).rejects.toMatchObject({
      message: 'the config app is there, is another one (data), and is in use: a swarm cannot change it',
      hint: expect.stringContaining('docker config rm app'),
    })
    await docker('service', 'rm', 'web')
    await docker('config', 'rm', 'app')
    const restored = await on.restore(config)
    expect(restored).toMatchObject({ findings: [], kept: expect.any(String) })
    const content = (name: string): Promise<string> =>
      docker('config', 'inspect', name, '--format', '{{printf "%s" .Spec.Data}}')
    expect([await content('app'), await content('idle')]).toEqual(['as it was', 'as it was'])

    await on.undo(config)
    expect(await content('idle')).toBe('another')
    expect(await docker('config', 'ls', '--format', '{{.Name}}')).toBe('idle')
    expect(await docker('service', 'ls', '--quiet')).toBe('')
  })

  test('is as it was when one of its services cannot be made', async ({ on, expect }) => {
    await swarm().begin()
    await writeFile(on.dir.join('file'), 'content')
    await docker('config', 'create', 'app', on.dir.join('file'))
    await docker('network', 'create', '--driver', 'overlay', 'inner')
    const node = await docker('info', '--format', '{{.Swarm.NodeID}}')
    await docker('node', 'update', '--label-add', 'disk=fast', node)
    const port = ['--publish', '8080:80', '--endpoint-mode', 'vip']
    await swarm().startService('first', '--config', 'app', '--network', 'inner')
    await swarm().startService('second', ...port)
    const config = swarm().config()
    await on.backUp(config)

    await swarm().begin()
    await swarm().startService('taker', ...port)
    const before = await swarm().traces()
    await expect(on.restore(config)).rejects.toThrow(/make the service second: .*port '8080' is already in use/)
    expect(await swarm().traces()).toEqual(before)
    expect(await docker('node', 'inspect', 'self', '--format', '{{json .Spec.Labels}}')).toBe('{}')
    expect(await swarmSource.kept!(config, on.context())).toEqual([])
  })

  test('is as it was when the restore is stopped in the middle', async ({ on, expect }) => {
    await swarm().begin()
    await writeFile(on.dir.join('file'), 'content')
    await docker('config', 'create', 'app', on.dir.join('file'))
    await docker('secret', 'create', 'key', on.dir.join('file'))
    await swarm().startService('web', '--config', 'app', '--secret', 'key')
    await swarm().running('web', 1)
    const config = swarm().config({ secrets: { values: 'from-tasks' } })
    await on.backUp(config)

    await swarm().begin()
    const before = await swarm().traces()
    const stop = new AbortController()
    const reason = new Error('stopped by this test')
    const stopping = atSecondRead(await on.ground.point(), 'key.value', async () => stop.abort(reason))
    const plan = await swarmSource.planRestore(config, stopping, {}, on.context())
    await expect(plan.apply(stop.signal)).rejects.toBe(reason)
    expect(await swarm().traces()).toEqual(before)
    expect(await swarmSource.kept!(config, on.context())).toEqual([])
  })

  test('is as it was after an undo when the engine died in the middle', async ({ on, expect }) => {
    await swarm().begin()
    await writeFile(on.dir.join('file'), 'content')
    await docker('config', 'create', 'app', on.dir.join('file'))
    await docker('secret', 'create', 'key', on.dir.join('file'))
    await swarm().startService('web', '--config', 'app', '--secret', 'key')
    await swarm().running('web', 1)
    const config = swarm().config({ secrets: { values: 'from-tasks' } })
    await on.backUp(config)

    await swarm().begin()
    const before = await swarm().traces()
    const dying = atSecondRead(await on.ground.point(), 'key.value', () => swarm().docker.kill())
    const plan = await swarmSource.planRestore(config, dying, {}, on.context())
    await expect(plan.apply(new AbortController().signal)).rejects.toThrow('could not be taken back: the config app')
    await swarm().docker.start()
    await vi.waitFor(() => docker('node', 'ls'), { timeout: 30_000, interval: 100 })
    expect(await docker('config', 'ls', '--format', '{{.Name}}')).toBe('app')
    expect((await on.undo(config)).findings).toEqual([])
    expect(await swarm().traces()).toEqual(before)
  })

  test('says which services do not run, and why', async ({ on, expect }) => {
    await swarm().begin()
    await docker('service', 'create', '--detach', '--no-resolve-image', '--name', 'web', 'absent:1')
    const config = swarm().config()
    await on.backUp(config)
    await swarm().begin()
    expect(await on.restore(config)).toMatchObject({
      findings: [
        {
          severity: 'warning',
          message: expect.stringMatching(/^the service web is restored, and 0 of its 1 tasks run: .*absent:1/),
        },
      ],
    })
  })

  test('needs a swarm that its engine manages', async ({ on, expect }) => {
    await swarm().begin()
    await swarm().startService('web')
    const config = swarm().config()
    await on.backUp(config)
    await docker('swarm', 'leave', '--force')
    await expect(on.restore(config)).rejects.toMatchObject({ hint: expect.stringContaining('docker swarm init') })
    await expect(on.backUp(config)).rejects.toThrow(`the Docker Engine at ${swarm().docker.host} is in no swarm`)
  })
})
