import { rm } from 'node:fs/promises'
import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import type { DockerVolumesConfig } from '../../src/sources/docker-volumes/config.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { ReadContext, Restored } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { ownProcess } from '../../src/state/process-origin.ts'
import { test } from './docker-volumes-ground.ts'

const skip = skipBecause(await whyNoDocker())

async function restore(
  config: DockerVolumesConfig,
  point: SourcePoint,
  context: ReadContext,
  to?: string,
): Promise<Restored> {
  const plan = await dockerVolumesSource.planRestore(config, point, to === undefined ? {} : { to }, context)
  return await plan.apply(context.signal)
}

describe.skipIf(skip)('volumes that are restored as new ones', () => {
  test('have driver and labels of the old, those of Compose only with the name', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const name = docker.name('labelled')
    const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'uploads', tier: 'gold' }
    await docker.makeVolume(name, ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]))
    await docker.fill(name, { 'a/b': 'content' })
    const config = docker.config({ names: [name] })
    await ground.backUp(dockerVolumesSource, config, context)
    const point = await ground.point()
    const plan = await dockerVolumesSource.planRestore(config, point, { to: `${name}-new` }, context)
    expect(plan.steps.join('\n')).toContain('leave labels of Compose out')
    expect(await restore(config, point, context, `${name}-new`)).toEqual({ place: `volume ${name}-new`, findings: [] })
    expect((await docker.volume(`${name}-new`)).Driver).toBe('local')
    expect(await docker.labels(`${name}-new`)).toEqual({ tier: 'gold' })
    expect(await docker.contents(`${name}-new`)).toEqual({ 'a/b': 'content' })
    await docker.docker.docker('volume', 'rm', name)
    await restore(config, point, context, name)
    expect(await docker.labels(name)).toEqual(labels)
    expect(await docker.volumes(name)).toEqual([name, `${name}-new`])
  })

  test('may be some of several, or all with a pattern for their names', async ({ docker, ground, context, expect }) => {
    const [one, two] = [docker.name('one'), docker.name('two')]
    for (const name of [one, two]) await docker.fill(name, { file: name })
    const config = docker.config({ names: [one, two] })
    await ground.backUp(dockerVolumesSource, config, context)
    const point = await ground.point()
    await restore(config, point, context, 'all-*')
    expect(await docker.volumes('all-')).toEqual([`all-${one}`, `all-${two}`])
    expect(await docker.contents(`all-${two}`)).toEqual({ file: two })
    await restore(config, point, context, `${two}=only`)
    expect(await docker.contents('only')).toEqual({ file: two })
    await expect(restore(config, point, context, 'both')).rejects.toThrow('2 volumes cannot all become both')
  })

  test('are not those that are there already', async ({ docker, ground, context, expect }) => {
    const name = docker.name('there')
    await docker.fill(name, { file: 'content' })
    const user = await docker.run('sleep 1000', '--volume', `${name}:/data`)
    const config = docker.config({ names: [name] })
    await ground.backUp(dockerVolumesSource, config, context)
    await expect(restore(config, await ground.point(), context, name)).rejects.toMatchObject({
      message: `the volume ${name} is there already, is in use by ${user}`,
      hint: 'choose another name, or leave --to out: it is restored in place then, and what is there is kept',
    })
  })

  test('are gone again when they cannot be filled', async ({ docker, ground, context, expect }) => {
    const [one, two] = [docker.name('half'), docker.name('half')]
    for (const name of [one, two]) await docker.fill(name, { file: 'content' })
    for (const read of ['direct', 'archive']) {
      const config = docker.config({ names: [one, two], read })
      await ground.backUp(dockerVolumesSource, config, context)
      const before = await docker.traces()
      const damaged = brokenAt(await ground.point(), two)
      await expect(restore(config, damaged, context, 'new-*')).rejects.toThrow('a blob is in no index')
      expect(await docker.traces()).toEqual(before)
    }
  })
})

describe.skipIf(skip)('volumes that are restored in place', () => {
  test('have the old content again, and the containers run with it; what was there is kept and comes back', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const [one, two] = [docker.name('place'), docker.name('place')]
    for (const name of [one, two]) await docker.fill(name, { state: 'saved', gone: 'gone' })
    const flags = ['--volume', `${one}:/one`, '--volume', `${two}:/two:ro`, '--volume', `${docker.at(two)}:/three`]
    const user = await docker.run('sleep 1000', ...flags)
    const config = docker.config({ names: [one, two] })
    await ground.backUp(dockerVolumesSource, config, context)
    for (const name of [one, two]) {
      await docker.fill(name, { state: 'changed', added: 'added' })
      await rm(`${docker.at(name)}/gone`)
    }
    const point = await ground.point()
    const plan = await dockerVolumesSource.planRestore(config, point, {}, context)
    expect(plan.steps.join('\n')).toContain(`stop what runs with them: ${user}`)
    const { kept, findings } = await plan.apply(context.signal)
    expect(findings).toEqual([])
    const see = (): Promise<string> =>
      docker.docker.docker('exec', user, 'sh', '-c', 'cat /one/state /two/state /three/state')
    expect(await see()).toBe('savedsavedsaved')
    const [keptOne] = await docker.volumes(`${one}.before-`)
    expect(keptOne).toMatch(/\.before-\d{8}-\d{6}$/)
    expect(kept).toContain(`volume ${keptOne}`)
    expect(await docker.contents(keptOne!)).toEqual({ state: 'changed', added: 'added' })
    // What is kept is no volume of the source.
    const { reading } = await ground.backUp(dockerVolumesSource, docker.config({ names: [`${one}*`] }), context)
    expect(reading?.facts['volumes']).toHaveLength(1)

    const [copy] = await dockerVolumesSource.kept!(config, context)
    const undone = await (await copy!.planUndo(context)).apply(context.signal)
    expect(await see()).toBe('changedchangedchanged')
    expect(await docker.contents(one)).toEqual({ state: 'changed', added: 'added' })
    const copies = await dockerVolumesSource.kept!(config, context)
    expect(copies.map(({ place }) => place)).toEqual([undone.kept])
    await copies[0]!.remove(context)
    expect(await docker.volumes(one)).toEqual([one])
  })

  test('have what they had when a container is not well with what was restored', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('unwell')
    await docker.fill(volume, { state: 'saved' })
    const config = docker.config({ names: [volume] })
    await ground.backUp(dockerVolumesSource, config, context)
    await docker.fill(volume, { state: 'changed' })
    const isChanged = '[ "$(cat /data/state)" = changed ]'
    const mount = ['--volume', `${volume}:/data`]
    const point = await ground.point()
    // One that ends, and one that is started again each time that it does.
    for (const flags of [[], ['--restart', 'always']]) {
      const ending = await docker.run(`${isChanged} || exit 3; sleep 1000`, ...mount, ...flags)
      await expect(restore(config, point, context)).rejects.toThrow(
        new RegExp(`${ending} .* 3\\b.*; what was there before is in place again, and runs`),
      )
      expect(await docker.contents(volume)).toEqual({ state: 'changed' })
      expect([await docker.state(ending), await docker.volumes(volume)]).toEqual(['running', [volume]])
      await docker.docker.docker('rm', '--force', ending)
    }
    const health = ['--health-cmd', isChanged, '--health-interval', '1s', '--health-retries', '1']
    const sick = await docker.run('sleep 1000', ...mount, ...health)
    await expect(restore(config, point, context)).rejects.toThrow(`the container ${sick} is unhealthy`)
    expect(await docker.contents(volume)).toEqual({ state: 'changed' })
    expect([await docker.state(sick), await docker.volumes(volume)]).toEqual(['running', [volume]])
  })

  test('are made again when they are gone', async ({ docker, ground, context, expect }) => {
    const [gone, here] = [docker.name('again'), docker.name('again')]
    await docker.makeVolume(gone, '--label', 'com.docker.compose.project=shop')
    for (const name of [gone, here]) await docker.fill(name, { state: 'saved' })
    for (const read of ['direct', 'archive']) {
      const config = docker.config({ names: [gone, here], read })
      await ground.backUp(dockerVolumesSource, config, context)
      await docker.docker.docker('volume', 'rm', gone)
      const { kept } = await restore(config, await ground.point(), context)
      expect(kept).toMatch(new RegExp(`^volume ${here}\\.before-[\\d-]+$`))
      expect(await docker.labels(gone)).toEqual({ 'com.docker.compose.project': 'shop' })
      expect(await docker.contents(gone)).toEqual({ state: 'saved' })
    }
  })

  test('are removed when they were left half filled, and not when somebody made another of that name', async ({
    docker,
    context,
    expect,
  }) => {
    const config = docker.config({ names: ['any*'] })
    const own = ownProcess()
    const labelled = (labels: Record<string, string>): string[] =>
      Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
    for (const isOurs of [true, false]) {
      const name = docker.name('filled')
      const by = JSON.stringify({ ...own, pid: 99_999_999 })
      const mark = { 'hikae.filling': name, 'hikae.restored': 'this one', 'hikae.by': by, 'hikae.spec': 'x' }
      await docker.makeVolume(`${name}-mark`, ...labelled(mark))
      await docker.makeVolume(name, ...labelled(isOurs ? { 'hikae.restored': 'this one' } : {}))
      const findings = await dockerVolumesSource.settle!(config, context)
      expect(findings.map(({ severity }) => severity)).toEqual(isOurs ? ['warning'] : [])
      expect(await docker.volumes(name)).toEqual(isOurs ? [] : [name])
    }
    const living = docker.name('living')
    await docker.makeVolume(living, ...labelled({ 'hikae.new': 'any', 'hikae.by': JSON.stringify(own) }))
    expect(await dockerVolumesSource.settle!(config, context)).toEqual([])
    expect(await docker.volumes(living)).toEqual([living])
  })

  test('are not touched while a container is paused, or cannot be removed', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('held')
    await docker.fill(volume, { state: 'saved' })
    const user = await docker.run('sleep 1000', '--volume', `${volume}:/data`)
    const config = docker.config({ names: [volume] })
    await ground.backUp(dockerVolumesSource, config, context)
    await docker.docker.docker('pause', user)
    await expect(restore(config, await ground.point(), context)).rejects.toThrow(`the container ${user} is paused`)
    await docker.docker.docker('unpause', user)
    await docker.docker.docker('kill', user)
    const remote = docker.config({ names: [volume], read: 'archive' })
    await expect(restore(remote, await ground.point(), context)).rejects.toThrow(
      `cannot be replaced from here while containers have it: ${user}`,
    )
    expect(await docker.volumes(volume)).toEqual([volume])
  })
})

/** A point in which the content of one volume is lost. */
function brokenAt(point: SourcePoint, volume: string): SourcePoint {
  const lost = (): Error => new Error('a blob is in no index')
  return {
    ...point,
    async writeTo(folder, path, options) {
      await point.writeTo(folder, path, options)
      if (options?.only?.includes(volume)) throw lost()
    },
    async *tar(path, name) {
      yield* point.tar(path, name)
      if (path.endsWith(`/${volume}`)) throw lost()
    },
  }
}
