import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE_IMAGE, skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import type { Goes } from '../../src/cli/docker/judge-volume.ts'
import type { PlannedVolume } from '../../src/cli/docker/prune-plan.ts'
import { removePlanned } from '../../src/cli/docker/remove-planned.ts'
import { volumeUses } from '../../src/cli/docker/volume-uses.ts'
import { openConfiguredEngine } from '../../src/docker/open-configured-engine.ts'
import { compareVolume } from '../../src/sources/docker-volumes/compare/compare-volume.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import { volumesFacts } from '../../src/sources/docker-volumes/volume-facts.ts'
import { test as base } from '../sources/docker-volumes-ground.ts'

const test = base
  .extend('engine', async ({ docker, context }, { onCleanup }) => {
    const engine = await openConfiguredEngine(docker.config({ names: ['x'] }), context)
    onCleanup(() => engine[Symbol.asyncDispose]())
    return engine
  })
  /** A volume that was saved, compared, and can go. */
  .extend('planned', async ({ docker, ground, context, engine }) => {
    const name = docker.name()
    await docker.fill(name, { file: 'content' })
    await ground.backUp(dockerVolumesSource, docker.config({ names: [name] }), context)
    const point = await ground.point()
    const use = (await volumeUses(engine)).find(({ volume }) => volume.name === name)!
    const saved = volumesFacts(point).volumes[0]!
    const comparison = await compareVolume(engine, use.volume, { saved, point }, context)
    const repository = await ground.repository()
    const [snapshot] = await repository.snapshots()
    const copy = { repository: { session: { repository, signal: context.signal } }, snapshot }
    return { use, verdict: { kind: 'goes', copy, comparison } } as unknown as PlannedVolume<Goes>
  })

describe.skipIf(skipBecause(await whyNoDocker()))('a volume that was planned to go', () => {
  test('is removed when nothing has happened', async ({ engine, planned, context, docker, expect }) => {
    expect(await removePlanned(engine, planned, context)).toBeUndefined()
    expect(await docker.volumes(planned.use.volume.name)).toEqual([])
    expect(await removePlanned(engine, planned, context)).toMatchObject({ message: 'was removed by somebody else' })
  })

  test('stays when a container has it meanwhile, also one that was never started', async ({
    engine,
    planned,
    context,
    docker,
    expect,
  }) => {
    const { name } = planned.use.volume
    await docker.docker.docker('create', '--name', `${name}-user`, '--volume', `${name}:/data`, BASE_IMAGE, 'true')
    const stays = await removePlanned(engine, planned, context)
    expect(stays).toMatchObject({ reason: 'in-use', message: `is used by ${name}-user now` })
    expect(await docker.volumes(name)).toEqual([name])
  })

  test('stays when it was changed meanwhile, also when its time tells nothing of it', async ({
    engine,
    planned,
    context,
    docker,
    expect,
  }) => {
    const { name } = planned.use.volume
    const file = join(docker.at(name), 'file')
    await utimes(file, 1000, 1000)
    expect(await removePlanned(engine, planned, context)).toMatchObject({ reason: 'changed' })
    await docker.remake(name, { file: 'CONTENT' })
    expect(await removePlanned(engine, planned, context)).toMatchObject({ reason: 'changed' })
    expect(await docker.contents(name)).toEqual({ file: 'CONTENT' })
  })

  test('stays when its snapshot is gone meanwhile', async ({ engine, planned, context, docker, ground, expect }) => {
    const { repository, snapshot } = planned.verdict.copy
    await (await ground.repository()).backend.remove('snapshot', snapshot.id)
    const stays = await removePlanned(engine, planned, context)
    expect(stays).toMatchObject({ reason: 'unreadable', message: expect.stringContaining('cannot be removed') })
    expect(repository.session.signal.aborted).toBe(false)
    expect(await docker.contents(planned.use.volume.name)).toEqual({ file: 'content' })
  })

  test('stays when somebody writes to it through a path of the host', async ({
    engine,
    planned,
    context,
    docker,
    expect,
  }) => {
    const at = docker.at(planned.use.volume.name)
    await writeFile(join(at, 'new'), '')
    expect(await removePlanned(engine, planned, context)).toMatchObject({ reason: 'changed' })
  })

  test('is known to belong to a service of a swarm that has no task', async ({ engine, planned, docker, expect }) => {
    const { name } = planned.use.volume
    expect(planned.use.services).toEqual([])
    await docker.docker.docker('swarm', 'init', '--advertise-addr', '127.0.0.1')
    const mount = `type=volume,source=${name},target=/data`
    const idle = ['service', 'create', '--detach', '--no-resolve-image', '--name', 'idle', '--replicas', '0']
    await docker.docker.docker(...idle, '--mount', mount, BASE_IMAGE, 'true')
    const use = (await volumeUses(engine)).find(({ volume }) => volume.name === name)
    expect(use).toMatchObject({ users: [], services: ['idle'] })
  })
})
