import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { findContainer } from '../../src/docker/containers/container.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'
import { type Hold, holdContainers } from '../../src/docker/quiesce/hold.ts'
import { composeConfig } from '../../src/sources/compose/config.ts'
import { replaceWhileStopped } from '../../src/sources/compose/while-stopped.ts'
import { exchange } from '../../src/sources/docker-volumes/restore/exchange.ts'
import { findVolume } from '../../src/sources/docker-volumes/volume.ts'
import type { ReadContext, RestorePlan } from '../../src/sources/source-kind.ts'
import { type DockerGround, test } from './docker-volumes-ground.ts'

const time = new Date(1_700_000_000_000)

/** A volume that a container uses, and one with what is to be put in its place. */
async function prepare(docker: DockerGround, engine: DockerEngine, script: string) {
  const [live, fresh] = [docker.name('live'), docker.name('fresh')]
  await docker.fill(live, { state: 'old' })
  await docker.fill(fresh, { state: 'new' })
  const user = await docker.run(script, '--volume', `${live}:/data`)
  const made = { volume: (await findVolume(engine, fresh))!, way: 'direct', leave: () => undefined } as const
  return { live: (await findVolume(engine, live))!, fresh: made, user }
}

/** The same engine, with something that happens when the exchange makes its first volume. */
function interrupted(engine: DockerEngine, happen: () => Promise<unknown>): DockerEngine {
  const lasting = engine.outlastingStops()
  let isOver = false
  const ask: DockerEngine['ask'] = async (doing, ...question) => {
    if (doing.startsWith('make the volume') && !isOver) {
      isOver = true
      await happen()
    }
    return await lasting.ask(doing, ...question)
  }
  const watched: DockerEngine = { ...lasting, ask, outlastingStops: () => watched }
  return { ...engine, outlastingStops: () => watched }
}

/** Another run, which holds the container as soon as this one has stopped it, and longer. */
function joining(engine: DockerEngine, user: string, context: ReadContext) {
  const joined: Hold[] = []
  const join = async (): Promise<void> =>
    void joined.push(await holdContainers(engine, [await findContainer(engine, user)], 'stop', context))
  return { engine: interrupted(engine, join), joined }
}

describe.skipIf(skipBecause(await whyNoDocker()))('volumes whose contents are exchanged while another run', () => {
  test('holds their container too leave it to that run', async ({ docker, ground, context, expect }) => {
    const address = { kind: 'socket', path: docker.docker.socket } as const
    await using engine = await openEngine(address, context.env, context.signal)
    // Stopped, it has an exit status that is an error.
    const { user, ...volumes } = await prepare(docker, engine, 'sleep 1000')
    const other = joining(engine, user, context)
    const { findings } = await exchange(other.engine, [volumes], time, context)
    expect(findings).toEqual([])
    expect(other.joined).toHaveLength(1)
    expect(await docker.contents(volumes.live.name)).toEqual({ state: 'new' })
    expect(await docker.state(user)).toBe('exited')
    expect(ground.logged).toContain(`the container ${user} stays as it is: another run holds it too`)
    expect((await other.joined[0]!.release()).findings).toEqual([])
    expect(await docker.state(user)).toBe('running')
  })

  test('has stopped their container before, and lets it go in the middle, keep it until all is in place', async ({
    docker,
    context,
    expect,
  }) => {
    const address = { kind: 'socket', path: docker.docker.socket } as const
    await using engine = await openEngine(address, context.env, context.signal)
    const { user, ...volumes } = await prepare(docker, engine, 'sleep 1000')
    const backup = await holdContainers(engine, [await findContainer(engine, user)], 'stop', context)
    const inTheMiddle: string[] = []
    const engineOfRestore = interrupted(engine, async () => {
      await backup.release()
      inTheMiddle.push(await docker.state(user))
    })
    const { findings } = await exchange(engineOfRestore, [volumes], time, context)
    expect(findings).toEqual([])
    expect(inTheMiddle).toEqual(['exited'])
    expect(await docker.contents(volumes.live.name)).toEqual({ state: 'new' })
    expect(await docker.state(user)).toBe('running')
  })

  test('holds one of their containers do not start that one when another is not well', async ({
    docker,
    context,
    expect,
  }) => {
    const address = { kind: 'socket', path: docker.docker.socket } as const
    await using engine = await openEngine(address, context.env, context.signal)
    const { user, ...volumes } = await prepare(docker, engine, 'sleep 1000')
    const mounted = ['--volume', `${volumes.live.name}:/data`]
    const picky = await docker.run('grep -q old /data/state && sleep 1000', ...mounted)
    const other = joining(engine, user, context)
    await expect(exchange(other.engine, [volumes], time, context)).rejects.toThrow(
      /ended at once.*; what was there before is in place again/,
    )
    expect(other.joined).toHaveLength(1)
    expect(await docker.contents(volumes.live.name)).toEqual({ state: 'old' })
    expect([await docker.state(user), await docker.state(picky)]).toEqual(['exited', 'running'])
    expect((await other.joined[0]!.release()).findings).toEqual([])
    expect(await docker.state(user)).toBe('running')
  })

  test('holds a container of a project that is replaced leave it to that run', async ({ docker, context, expect }) => {
    const address = { kind: 'socket', path: docker.docker.socket } as const
    await using engine = await openEngine(address, context.env, context.signal)
    const project = docker.name('project')
    const user = await docker.run('sleep 1000', '--label', `com.docker.compose.project=${project}`)
    const joined: Hold[] = []
    const plan: RestorePlan = {
      steps: [],
      async apply() {
        joined.push(await holdContainers(engine, [await findContainer(engine, user)], 'stop', context))
        return { place: 'nowhere', findings: [] }
      },
    }
    const config = composeConfig.parse({ engine: { host: docker.docker.host }, project })
    const { findings } = await replaceWhileStopped({ project, plans: [{ plan }] }, config, context)
    expect(findings).toEqual([])
    expect(await docker.state(user)).toBe('exited')
    expect((await joined[0]!.release()).findings).toEqual([])
    expect(await docker.state(user)).toBe('running')
  })
})
