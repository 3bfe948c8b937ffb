import { createRequire } from 'node:module'
import { BASE_IMAGE, skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'
import { NotFilledError } from '../../src/sources/docker-volumes/restore/not-filled.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import { prepareReplacing } from '../../src/sources/docker-volumes/restore/replace-content.ts'
import { freshLabels } from '../../src/sources/docker-volumes/restore/volume-labels.ts'
import type { SwappedVolume } from '../../src/sources/docker-volumes/restore/swap-volume.ts'
import { createVolume, findVolume } from '../../src/sources/docker-volumes/volume.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import { type DockerGround, test } from './docker-volumes-ground.ts'

type Request = (options: { readonly method?: string; readonly path?: string }, ...others: readonly unknown[]) => unknown

/** The engine is asked to write its nth archive into a container that is not there. */
function misdirectArchive(nth: number): Disposable {
  const http = createRequire(import.meta.url)('node:http') as { request: Request }
  const { request } = http
  let written = 0
  http.request = (options, ...others) => {
    const isWriting = options.method === 'PUT' && options.path?.includes('/archive')
    if (!isWriting || ++written !== nth) return request(options, ...others)
    return request({ ...options, path: '/containers/not-there/archive?path=%2F' }, ...others)
  }
  return { [Symbol.dispose]: () => void (http.request = request) }
}

/** Replaces what a new volume has, through the engine. */
async function replace(
  engine: DockerEngine,
  docker: DockerGround,
  live: string,
  context: ReadContext,
): Promise<SwappedVolume> {
  const fresh = `${live}.hikae-new-1`
  await docker.fill(live, { state: 'old' })
  const spec = { name: fresh, driver: 'local', options: {}, labels: freshLabels(live) }
  const volume = await createVolume(engine, spec)
  await docker.fill(fresh, { state: 'new' })
  const time = new Date('2026-11-21T20:17:14Z')
  const prepared = await prepareReplacing(engine, (await findVolume(engine, live))!, volume, time, context)
  try {
    return await prepared.replace()
  } catch (error) {
    if (!(error instanceof NotFilledError)) await prepared.drop()
    throw error
  }
}

const replaceTest = test.extend('engine', async ({ docker, context }, { onCleanup }) => {
  const engine = await openEngine({ kind: 'socket', path: docker.docker.socket }, context.env, context.signal)
  onCleanup(() => engine[Symbol.asyncDispose]())
  return engine
})

describe.skipIf(skipBecause(await whyNoDocker()))('a volume that is replaced through the engine', () => {
  replaceTest('says what there is when it cannot be filled', async ({ docker, engine, context, expect }) => {
    const live = docker.name('unfilled')
    const [fresh, kept] = [`${live}.hikae-new-1`, `${live}.before-20261121-201714`]
    using _ = misdirectArchive(2)
    await expect(replace(engine, docker, live, context)).rejects.toMatchObject({
      code: 'NOT_FILLED',
      message: expect.stringContaining(
        `the volume ${live} is not whole now: what was there before is in the volume ${kept}, what was to be restored in ${fresh}`,
      ),
      hint: expect.stringContaining(`start no container that uses ${live}`),
    })
    expect(await docker.contents(kept)).toEqual({ state: 'old' })
    expect(await docker.contents(fresh)).toEqual({ state: 'new' })
  })

  replaceTest('says so too when what was there cannot be put back', async ({ docker, engine, context, expect }) => {
    const live = docker.name('not-back')
    using _ = misdirectArchive(3)
    const swapped = await replace(engine, docker, live, context)
    await expect(swapped.undo()).rejects.toThrow(
      `the volume ${live} is not whole now: what was there before is in the volume ${swapped.kept.name}`,
    )
    expect(await docker.contents(swapped.kept.name)).toEqual({ state: 'old' })
  })

  replaceTest('is as it was when a container has come to have it', async ({ docker, engine, context, expect }) => {
    const live = docker.name('taken')
    await docker.docker.docker('create', '--name', `has-${live}`, '--volume', `${live}:/data`, BASE_IMAGE)
    await expect(replace(engine, docker, live, context)).rejects.toMatchObject({ status: 409 })
    expect(await docker.contents(live)).toEqual({ state: 'old' })
    expect(await docker.volumes(live)).toEqual([live, `${live}.hikae-new-1`])
  })

  replaceTest('is kept as a copy, and the plan says what a copy lacks', async ({ docker, ground, context, expect }) => {
    const live = docker.name('planned')
    await docker.fill(live, { state: 'old' })
    const config = docker.config({ names: [live], read: 'archive' })
    await ground.backUp(dockerVolumesSource, config, context)
    const { steps } = await dockerVolumesSource.planRestore(config, await ground.point(), {}, context)
    expect(steps.join('\n')).toContain('no access lists, no user attributes and no fractions of seconds')
  })
})
