import { readFileSync } from 'node:fs'
import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import { ownProcess } from '../../src/state/process-origin.ts'
import { type DockerGround, test } from './docker-volumes-ground.ts'

const OVER = { ...ownProcess(), started: 1 }

/** A volume that says that it keeps what was in another. */
async function makeKept(
  { docker }: DockerGround,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<string> {
  const kept = `${name}.before-20261121-201714`
  const all = {
    'hikae.kept': name,
    'hikae.time': '2026-11-21T20:17:14.000Z',
    'hikae.spec': JSON.stringify({ name, driver: 'local', options: {}, labels: {} }),
    ...labels,
  }
  await docker.docker('volume', 'create', ...labelFlags(all), kept)
  return kept
}

function labelFlags(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
}

async function placesKept(docker: DockerGround, name: string, context: ReadContext): Promise<string[]> {
  const copies = await dockerVolumesSource.kept!(docker.config({ names: [name] }), context)
  return copies.map(({ place }) => place)
}

/** Another process that lives, as far as this one sees. */
function parentProcess(): object {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1')
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  return { ...ownProcess(), pid: process.ppid, started }
}

describe.skipIf(skipBecause(await whyNoDocker()))('what restores of volumes have kept', () => {
  test('is no copy that was interrupted: that is removed', async ({ docker, context, expect }) => {
    const name = docker.name('half')
    await docker.fill(name, { state: 'live' })
    const [fresh, by] = [`${name}.hikae-new-1`, JSON.stringify(OVER)]
    await docker.docker.docker('volume', 'create', ...labelFlags({ 'hikae.new': name, 'hikae.by': by }), fresh)
    await makeKept(docker, name, { 'hikae.from': fresh, 'hikae.copied': 'true', 'hikae.by': by })
    const lines: string[] = []
    expect(await placesKept(docker, name, { ...context, log: (line) => void lines.push(line) })).toEqual([])
    expect(await docker.volumes(name)).toEqual([name])
    expect(lines.join('\n')).toContain('interrupted')
  })

  test('is no copy that is being made, and is not touched', async ({ docker, context, expect }) => {
    const [name, other] = [docker.name('making'), docker.name('living')]
    const [fresh, by] = [`${name}.hikae-new-1`, JSON.stringify(ownProcess())]
    await docker.docker.docker('volume', 'create', ...labelFlags({ 'hikae.new': name, 'hikae.by': by }), fresh)
    const kept = await makeKept(docker, name, { 'hikae.from': fresh, 'hikae.by': by })
    expect(await placesKept(docker, name, context)).toEqual([])
    expect(await docker.volumes(name)).toEqual([kept, fresh])
    // Between two of several volumes.
    const living = await makeKept(docker, other, {
      'hikae.from': 'gone',
      'hikae.by': JSON.stringify(parentProcess()),
    })
    expect(await placesKept(docker, other, context)).toEqual([])
    expect(await docker.volumes(other)).toEqual([living])
  })

  test('is there for whoever cannot see the process that made it', async ({ docker, context, expect }) => {
    const name = docker.name('elsewhere')
    const by = JSON.stringify({ host: 'elsewhere', pid: 1, boot: 'another', namespace: 'another', started: 1 })
    const kept = await makeKept(docker, name, { 'hikae.from': 'gone', 'hikae.by': by })
    expect(await placesKept(docker, name, context)).toEqual([`volume ${kept}`])
  })

  test('is of the source that was restored, and of no other', async ({ docker, ground, context, expect }) => {
    for (const read of ['direct', 'archive']) {
      const name = docker.name('sourced')
      await docker.fill(name, { state: 'saved' })
      const config = docker.config({ names: [name], read })
      await ground.backUp(dockerVolumesSource, config, context)
      const plan = await dockerVolumesSource.planRestore(config, await ground.point(), {}, context)
      const { kept } = await plan.apply(context.signal)
      expect(await placesKept(docker, name, { ...context, source: 'other' })).toEqual([])
      expect(await placesKept(docker, name, { ...context, stack: 'other' })).toEqual([])
      expect(await placesKept(docker, name, context)).toEqual([kept])
    }
  })

  test('is not removed when it does not say of which stack it is', async ({ docker, context, expect }) => {
    const name = docker.name('unclear')
    const kept = await makeKept(docker, name, { 'hikae.source': context.source })
    const [copy] = await dockerVolumesSource.kept!(docker.config({ names: [name] }), context)
    expect(copy?.place).toBe(`volume ${kept}`)
    await expect(copy!.remove(context)).rejects.toMatchObject({
      message: `the volume ${kept} does not say which stack's restore has kept it`,
      hint: expect.stringContaining(`docker volume rm ${kept}`),
    })
    expect(await docker.volumes(name)).toEqual([kept])
  })
})
