import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProcess } from '@hikae/testkit'
import { describe, vi } from 'vitest'
import type { SwarmConfig } from '../../src/sources/swarm/config.ts'
import { swarmSource } from '../../src/sources/swarm/swarm-source.ts'
import { EnginePower } from './swarm-engine-power.ts'
import { SwarmGround } from './swarm-ground.ts'
import { sharedSwarm, skip, type SwarmBackups, test } from './swarm-test.ts'

const swarm = sharedSwarm()
const docker = (...args: string[]): Promise<string> => swarm().docker.docker(...args)
const WAIT = { timeout: 60_000, interval: 50 }

/** A service with a secret, in a swarm that is begun anew. */
async function startService({ dir }: SwarmBackups): Promise<void> {
  await swarm().begin()
  await writeFile(dir.join('value'), 'unspoken')
  await docker('secret', 'create', 'key', dir.join('value'))
  await swarm().startService('web', '--secret', 'key')
  await swarm().running('web', 1)
}

function withRaft(power: EnginePower, more: object = {}): SwarmConfig {
  const folder = join(swarm().docker.dataRoot, 'swarm')
  return swarm().config({ raft: { stop: power.stop, start: power.start, folder, ...more } })
}

describe.skipIf(skip)("a manager's state directory", () => {
  test('is copied with the engine stopped, and makes the swarm anew with its secrets', async ({ on, expect }) => {
    await startService(on)
    await using power = new EnginePower(on.dir, swarm().docker)
    const config = withRaft(power)
    expect(await on.backUp(config)).toMatchObject({ findings: [], reading: { facts: { hasRaft: true } } })
    expect(power.asked).toEqual(['stop', 'start'])
    await swarm().running('web', 1)
    expect(await swarmSource.settle!(config, on.context())).toEqual([])

    await on.restore(config, 'folder')
    await using other = await SwarmGround.start({ isSwarm: false })
    await other.docker.kill()
    await rm(join(other.docker.dataRoot, 'swarm'), { recursive: true, force: true })
    await cp(on.dir.join('folder/raft'), join(other.docker.dataRoot, 'swarm'), { recursive: true })
    await other.docker.start()
    await other.docker.docker('swarm', 'init', '--force-new-cluster', '--advertise-addr', '127.0.0.1')
    await other.running('web', 1)
    expect(await other.fileIn('web', '/run/secrets/key')).toBe('unspoken')
  })

  test('is left, and the engine is started again, when the run is stopped meanwhile', async ({ on, expect }) => {
    await startService(on)
    await using power = new EnginePower(on.dir, swarm().docker, { stopEnds: false })
    const config = withRaft(power)
    const stop = new AbortController()
    const outcome = swarmSource.open(config, on.context(stop.signal)).then(
      () => 'open',
      (error: unknown) => error,
    )
    await vi.waitFor(() => expect(power.asked).toEqual(['stop']), WAIT)
    const reason = new Error('stopped by this test')
    stop.abort(reason)
    expect(await outcome).toBe(reason)
    expect(power.asked).toEqual(['stop', 'start'])
    await swarm().running('web', 1)
    expect(await swarmSource.settle!(config, on.context())).toEqual([])
  })

  test('costs no engine: one that a killed run has left stopped is started by the next', async ({ on, expect }) => {
    await startService(on)
    await using power = new EnginePower(on.dir, swarm().docker, { stopEnds: false })
    const given = { engine: { host: swarm().docker.host }, raft: withRaft(power).raft }
    const program = join(import.meta.dirname, 'swarm-raft-program.ts')
    const args = ['-C', '@hikae/source', program, JSON.stringify(given), on.dir.path]
    await using run = await startProcess(process.execPath, args)
    await vi.waitFor(() => expect(power.asked).toEqual(['stop']), WAIT)
    // Its record belongs to somebody who lives.
    expect(await swarmSource.settle!(withRaft(power), on.context())).toEqual([])
    run.kill('SIGKILL')
    await run.finished

    const [finding] = await swarmSource.settle!(withRaft(power), on.context())
    expect(finding).toMatchObject({ severity: 'warning', message: expect.stringContaining('was started again') })
    expect(power.asked).toEqual(['stop', 'start'])
    await swarm().running('web', 1)
    expect(await swarmSource.settle!(withRaft(power), on.context())).toEqual([])
    expect((await readdir(on.dir.join('state'))).filter((name) => name.endsWith('.json'))).toEqual([])
  })

  test('is left when the engine cannot be stopped; one that cannot be started again is named, and tried by the next', async ({
    on,
    expect,
  }) => {
    await startService(on)
    await using power = new EnginePower(on.dir, swarm().docker)
    const unstoppable = withRaft(power, { stop: ['false'] })
    await expect(swarmSource.open(unstoppable, on.context())).rejects.toThrow('false failed with exit status 1')
    expect(power.asked).toEqual(['start'])

    const config = withRaft(power, { start: ['false'] })
    await expect(swarmSource.open(config, on.context())).rejects.toMatchObject({
      message: expect.stringContaining('could not be started again: false failed with exit status 1'),
      hint: expect.stringContaining('start it by hand: false'),
    })
    expect(await swarmSource.settle!(config, on.context())).toMatchObject([{ severity: 'error' }])
    await swarm().docker.start()
    await swarm().running('web', 1)
  })

  test('of a locked manager is copied only when something unlocks it', async ({ on, expect }) => {
    await startService(on)
    await docker('swarm', 'update', '--autolock=true')
    await writeFile(on.dir.join('key'), await docker('swarm', 'unlock-key', '--quiet'))
    await using power = new EnginePower(on.dir, swarm().docker)
    const refusal = `the manager at ${swarm().docker.host} is locked after each start, and nothing would unlock it`
    const refused = { severity: 'warning', message: refusal }
    expect(await swarmSource.examine(withRaft(power), on.context())).toMatchObject([refused])
    expect(await on.backUp(withRaft(power))).toMatchObject({
      findings: [{ severity: 'error', message: refusal }],
      reading: { facts: { hasRaft: false, services: 1 } },
    })
    expect(power.asked).toEqual([])

    const client = '/usr/bin/docker --host "$1" swarm unlock <"$2"'
    const unlock = ['sh', '-c', client, 'sh', swarm().docker.host, on.dir.join('key')]
    const { findings, reading } = await on.backUp(withRaft(power, { unlock }))
    expect(findings).toEqual([])
    expect(reading?.facts).toMatchObject({ isUnlockKeyNeeded: true })
    await swarm().running('web', 1)

    await swarm().docker.restart()
    const locked = `the manager at ${swarm().docker.host} is locked`
    await vi.waitFor(async () => {
      expect(await swarmSource.examine(withRaft(power), on.context())).toMatchObject([{ message: locked }])
    }, WAIT)
  })
})
