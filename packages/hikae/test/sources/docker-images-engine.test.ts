import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { BASE_IMAGE, makeTempDir, runOk, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { dockerImagesConfig } from '../../src/sources/docker-images/config.ts'
import { dockerImagesSource } from '../../src/sources/docker-images/docker-images-source.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { SourceGround } from '../support/source-ground.ts'
import { buildImage, findId, holdExports, idOf, leftFiles, newExports, withContainerd } from './docker-images-ground.ts'

const skip = skipBecause(await whyNoDocker())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('engine', { scope: 'file' }, async ({}, { onCleanup }): Promise<TestDocker> => {
    const engine = await startDocker()
    onCleanup(() => engine[Symbol.asyncDispose]())
    return engine
  })
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ ground, dir }) => ground.context(dir.path))
  .extend('config', ({ engine }) => {
    return (given: object) => dockerImagesConfig.parse({ engine: { host: engine.host }, ...given })
  })
// oxlint-enable no-empty-pattern

/** Text that does not compress to nothing. */
function text(words: number, seed: number): string {
  let value = seed
  const word = (): string => {
    value = (value * 1_103_515_245 + 12_345) % 2 ** 31
    return (value >>> 7).toString(36)
  }
  return Array.from({ length: words }, word).join(' ')
}

function files(count: number, seed: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`srv/file-${index}`, text(800, seed * 1000 + index)]),
  )
}

describe.skipIf(skip)('images of an engine', () => {
  test('share their layers, and next week’s build stores what its files have changed', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    const week = files(400, 1)
    await buildImage(engine, 'week:1', [week], { time: new Date('2026-11-01T00:00:00Z') })
    await buildImage(engine, 'sidecar:1', [{ 'srv/sidecar': 'small' }], { from: 'week:1' })
    const added = async (reference: string): Promise<number> => {
      const { backup } = await ground.backUp(dockerImagesSource, config({ references: [reference] }), context)
      return backup.repositories[0]!.summary.dataAddedPacked
    }
    const first = await added('week:1')
    expect(first).toBeGreaterThan(1_000_000)
    expect(await added('sidecar:1')).toBeLessThan(first / 20)

    // Every file is new to a build, and has a new time; one has another content.
    const next = { ...week, 'srv/file-200': 'changed' }
    await buildImage(engine, 'week:2', [next], { time: new Date('2026-11-08T00:00:00Z') })
    expect(await added('week:2')).toBeLessThan(first / 10)
  })

  test('are not exported again when every repository has them', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'known:1', [files(3, 2)])
    await using gate = await holdExports(dir, engine)
    await ground.backUp(dockerImagesSource, config({ references: ['known:1'] }), context)
    const again = config({ engine: { host: gate.host }, references: ['known:1'] })
    const { backup, reading } = await ground.backUp(dockerImagesSource, again, context)
    expect(backup).toMatchObject({ outcome: 'succeeded' })
    expect(reading).toMatchObject({ findings: [], facts: { images: [{ tags: ['known:1'] }] } })
    expect(gate.exports).toBe(0)
    expect(await dockerImagesSource.verify(again, await ground.point(), context)).toEqual([])
  })

  test('are exported again, and alone, for a repository that lacks them', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'again/app:1', [files(3, 6)])
    await buildImage(engine, 'again/tool:1', [{ 'srv/tool': 'tool' }], { from: 'again/app:1' })
    const given = config({ references: ['again/*'] })
    await ground.backUp(dockerImagesSource, given, context)
    const other = await SourceGround.create(dir)
    const { backup } = await other.backUp(dockerImagesSource, given, context)
    expect(backup.outcome).toBe('succeeded')
    expect(await contentsOf(await other.point())).toEqual(await contentsOf(await ground.point()))
  })

  test('are read in the form that engines from 25 on export too, in one go', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    const id = await buildImage(engine, 'modern:1', [files(3, 3), { 'srv/other': 'other' }])
    await ground.backUp(dockerImagesSource, config({ references: ['modern:1'] }), context)
    const old = await contentsOf(await ground.point())
    await using proxy = await newExports(dir, engine)
    const modern = config({ engine: { host: proxy.host }, references: ['modern:1'] })
    const other = { ...context, stateFolder: async () => dir.join('.') }
    await ground.backUp(dockerImagesSource, modern, other)
    expect(proxy.exports).toBe(1)
    expect(await contentsOf(await ground.point())).toEqual(old)
    expect([...old.keys()]).toContain(`/images/${id.slice('sha256:'.length)}/config.json`)
  })

  test('that lost their names are kept by the source that was restored, and by no other', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'whose/app:1', [{ 'srv/app': 'saved' }])
    const given = config({ references: ['whose/app:1'] })
    await ground.backUp(dockerImagesSource, given, context)
    await engine.docker('tag', BASE_IMAGE, 'whose/app:1')
    // Somebody's own name only looks like one of ours.
    await engine.docker('tag', BASE_IMAGE, 'whose/app:1.before-20251121T201714Z')
    const plan = await dockerImagesSource.planRestore(given, await ground.point(), {}, context)
    const { kept } = await plan.apply(context.signal)
    const places = async (of: object, stateFolder = context.stateFolder): Promise<string[]> => {
      const copies = await dockerImagesSource.kept!(config(of), { ...context, stateFolder })
      return copies.map(({ place }) => place)
    }
    const elsewhere = dir.join('of-another-source')
    await mkdir(elsewhere)
    expect(await places({ references: ['whose/app:1'] })).toEqual([kept])
    expect(await places({ references: ['whose/app:1'] }, async () => elsewhere)).toEqual([])
    expect(await places({ inUse: true }, async () => elsewhere)).toEqual([])
  })

  test('come back after they were removed, and containers run from them', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    const id = await buildImage(engine, 'gone/app:1', [{ 'srv/hello': 'hello from before' }])
    await engine.docker('tag', 'gone/app:1', 'gone/app:stable')
    const given = config({ references: ['gone/**'] })
    await ground.backUp(dockerImagesSource, given, context)
    await engine.docker('rmi', 'gone/app:1', 'gone/app:stable')
    expect(await findId(engine, id)).toBeUndefined()
    const plan = await dockerImagesSource.planRestore(given, await ground.point(), {}, context)
    expect(plan.steps[0]).toMatch(/^load the image [0-9a-f]{12} \(gone\/app:1, gone\/app:stable; 2 layers\) into unix:/)
    expect(await plan.apply(context.signal)).toEqual({ place: 'gone/app:1, gone/app:stable', findings: [] })
    expect([await idOf(engine, 'gone/app:1'), await idOf(engine, 'gone/app:stable')]).toEqual([id, id])
    expect(await engine.docker('run', '--rm', 'gone/app:1', 'cat', '/srv/hello')).toBe('hello from before')
    expect(await leftFiles(engine)).toEqual([])
  })

  test('that have no name are saved and restored by id', async ({ engine, ground, context, config, expect }) => {
    const id = await buildImage(engine, 'unnamed:1', [{ 'srv/unnamed': 'unnamed' }])
    await engine.docker('create', '--name', 'of-unnamed', 'unnamed:1')
    await engine.docker('tag', BASE_IMAGE, 'unnamed:1')
    const given = config({ references: [id.slice('sha256:'.length, 20)] })
    const { reading } = await ground.backUp(dockerImagesSource, given, context)
    expect(reading).toMatchObject({ facts: { images: [{ id, tags: [], containers: ['of-unnamed'] }] } })
    await engine.docker('rm', 'of-unnamed')
    await engine.docker('rmi', id)
    const plan = await dockerImagesSource.planRestore(given, await ground.point(), {}, context)
    expect(await plan.apply(context.signal)).toMatchObject({ findings: [] })
    expect(await findId(engine, id)).toBe(id)
  })

  test('in use are those of all containers, stopped or not, but for what is left out', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'used:1', [{ 'srv/used': 'used' }])
    await buildImage(engine, 'left-out:1', [{ 'srv/left-out': 'left out' }])
    await engine.docker('tag', 'used:1', 'left-out:too')
    for (const name of ['used:1', 'left-out:1']) await engine.docker('create', '--name', name.replace(':', '-'), name)
    try {
      const given = config({ inUse: true, exclude: ['left-out:*'] })
      const { reading } = await ground.backUp(dockerImagesSource, given, context)
      expect(reading).toMatchObject({
        findings: [],
        facts: { images: [{ tags: ['left-out:too', 'used:1'], containers: ['used-1'] }] },
      })
    } finally {
      await engine.docker('rm', 'used-1', 'left-out-1')
    }
  })

  test('that are not there are named, with what may be meant', async ({ engine, ground, context, config, expect }) => {
    await buildImage(engine, 'there:2.1', [{ 'srv/there': 'there' }])
    const one = config({ references: ['there:2.0'] })
    const message = expect.stringMatching(/^no image at unix:.* is meant by there:2\.0; did you mean there:2\.1\?$/)
    await expect(ground.backUp(dockerImagesSource, one, context)).rejects.toMatchObject({ message })
    expect(await dockerImagesSource.examine(one, context)).toMatchObject([{ severity: 'error', message }])
    const both = config({ references: ['there:2.0', 'there:2.1', 'nothing-*'] })
    const { reading } = await ground.backUp(dockerImagesSource, both, context)
    expect(reading!.findings).toMatchObject([{ message }, { message: expect.stringContaining('meant by nothing-*') }])
  })

  test('that vanish before they are read fail the backup by name', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'vanishing:1', [{ 'srv/vanishing': 'vanishing' }])
    const vanishing = {
      ...dockerImagesSource,
      open: async (...given: Parameters<typeof dockerImagesSource.open>) => {
        const opened = await dockerImagesSource.open(...given)
        await engine.docker('rmi', 'vanishing:1')
        return opened
      },
    }
    const reading = ground.backUp(vanishing, config({ references: ['vanishing:1'] }), context)
    await expect(reading).rejects.toThrow(/^cannot export the image ([0-9a-f]{12}): \1 was removed meanwhile$/)
    expect(await ground.snapshotCount()).toBe(0)
  })

  test('are not saved in half when the engine is killed, and are saved when it is back', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'killed:1', [files(30, 4)])
    await using gate = await holdExports(dir, engine)
    const held = config({ engine: { host: gate.host }, references: ['killed:1'] })
    const running = ground.backUp(dockerImagesSource, held, context)
    const outcome = running.then(
      () => 'finished',
      (error: unknown) => error,
    )
    await gate.begun()
    await engine.kill()
    expect(await outcome).toMatchObject({
      message: expect.stringMatching(/^cannot export the image [0-9a-f]{12}: .*broke the connection off/),
    })
    expect(await ground.snapshotCount()).toBe(0)
    await engine.start()
    const { backup } = await ground.backUp(dockerImagesSource, config({ references: ['killed:1'] }), context)
    expect(backup.outcome).toBe('succeeded')
    expect(await leftFiles(engine)).toEqual([])
  })

  test('are refused when a layer in the repository is another than was saved', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    const id = await buildImage(engine, 'flipped:1', [{ 'srv/flipped': 'the content that was saved' }])
    const given = config({ references: ['flipped:1'] })
    await ground.backUp(dockerImagesSource, given, context)
    const point = flipped(await ground.point(), 'the content that was saved', 'the content as it is now !')
    await engine.docker('rmi', 'flipped:1')
    const plan = await dockerImagesSource.planRestore(given, point, {}, context)
    await expect(plan.apply(context.signal)).rejects.toThrow(
      /^the layer [0-9a-f]{12} in the repository is not what was/,
    )
    expect(await findId(engine, id)).toBeUndefined()
    expect(await dockerImagesSource.verify(given, point, context)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('is not what was saved') },
    ])
    expect(await leftFiles(engine)).toEqual([])
  })

  test('that a registry knew by digest come back without it, which is said', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'digested:1', [{ 'srv/digested': 'digested' }])
    const given = config({ references: ['digested:1'] })
    await ground.backUp(dockerImagesSource, given, context)
    const digest = `digested@sha256:${'0f'.repeat(32)}`
    const point = withDigest(await ground.point(), digest)
    const plan = await dockerImagesSource.planRestore(given, point, {}, context)
    expect((await plan.apply(context.signal)).findings).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringContaining(digest),
        hint: expect.stringContaining('push the image'),
      },
    ])
  })

  test('are written to a file that docker load takes, and restored without Hikae too', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    const ids = [
      await buildImage(engine, 'stock/app:1', [{ 'srv/app': 'app' }, { 'srv/more': text(50_000, 5) }]),
      await buildImage(engine, 'stock/tool:1', [{ 'srv/tool': 'tool' }], { from: 'stock/app:1' }),
    ]
    const given = config({ references: ['stock/*'] })
    await ground.backUp(dockerImagesSource, given, context)
    const point = await ground.point()
    const remove = () => engine.docker('rmi', 'stock/tool:1', 'stock/app:1')
    const present = async () => [await findId(engine, 'stock/app:1'), await findId(engine, 'stock/tool:1')]
    await remove()

    const plan = await dockerImagesSource.planRestore(given, point, { to: 'new/images.tar' }, context)
    expect(await plan.apply(context.signal)).toEqual({ place: dir.join('new/images.tar'), findings: [] })
    await engine.docker('load', '--input', dir.join('new/images.tar'))
    expect(await present()).toEqual(ids)
    await remove()
    await expect(dockerImagesSource.planRestore(given, point, { to: 'new/images.tar' }, context)).rejects.toThrow(
      'is there already',
    )

    await point.writeTo(dir.join('restored'))
    expect(await readFile(dir.join('restored/README.txt'), 'utf8')).toContain(
      'python3 docker-archive.py . | docker load',
    )
    const script = 'python3 "$1/docker-archive.py" "$1" > "$1/images.tar"'
    await runOk('sh', ['-c', script, 'sh', dir.join('restored')])
    await engine.docker('load', '--input', dir.join('restored/images.tar'))
    expect(await present()).toEqual(ids)
  })

  test('without layers are named, since Docker exports none', async ({
    engine,
    dir,
    ground,
    context,
    config,
    expect,
  }) => {
    await mkdir(dir.join('context'))
    await writeFile(dir.join('context/Dockerfile'), 'FROM scratch\nENV ONLY=this\n')
    await engine.docker('build', '--quiet', '--tag', 'layerless:1', dir.join('context'))
    const message = 'the image layerless:1 has no layers, and Docker exports no such image'
    const alone = config({ references: ['layerless:1'] })
    await expect(ground.backUp(dockerImagesSource, alone, context)).rejects.toThrow(message)
    const both = config({ references: ['layerless:1', BASE_IMAGE] })
    const { backup, reading } = await ground.backUp(dockerImagesSource, both, context)
    expect(backup.repositories[0]!.snapshot!.tags).toContain('incomplete')
    expect(reading!.findings).toMatchObject([{ severity: 'error', message }])
  })

  test('are not there after a restore that was stopped', async ({ engine, ground, context, config, expect }) => {
    const id = await buildImage(engine, 'stopped:1', [files(30, 8)])
    const given = config({ references: ['stopped:1'] })
    await ground.backUp(dockerImagesSource, given, context)
    await engine.docker('rmi', 'stopped:1')
    const stop = new AbortController()
    const reason = new Error('stopped by this test')
    const point = await ground.point()
    const stopping: SourcePoint = {
      ...point,
      async *content(path) {
        yield* point.content(path)
        if (path.endsWith('/content')) stop.abort(reason)
      },
    }
    const plan = await dockerImagesSource.planRestore(given, stopping, {}, context)
    await expect(plan.apply(stop.signal)).rejects.toBe(reason)
    expect(await findId(engine, id)).toBeUndefined()
    expect(await leftFiles(engine)).toEqual([])
  })

  test('of an engine that is not there, or keeps them in containerd, are refused with what to do', async ({
    engine,
    dir,
    context,
    config,
    expect,
  }) => {
    const absent = config({ engine: { host: `unix://${dir.join('absent.sock')}` }, references: ['app:1'] })
    expect(await dockerImagesSource.examine(absent, context)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('no Docker Engine answers at') },
    ])
    await using proxy = await withContainerd(dir, engine)
    const other = config({ engine: { host: proxy.host }, references: ['app:1'] })
    expect(await dockerImagesSource.examine(other, context)).toMatchObject([
      { message: expect.stringContaining('in containerd'), hint: expect.stringContaining('containerd-snapshotter') },
    ])
    await expect(dockerImagesSource.open(other, context)).rejects.toThrow('in containerd')
  })

  test('lose no name to a restore under other names', async ({ engine, ground, context, config, expect }) => {
    const id = await buildImage(engine, 'elsewhere:1', [{ 'srv/elsewhere': 'elsewhere' }])
    const given = config({ references: ['elsewhere:1'] })
    await ground.backUp(dockerImagesSource, given, context)
    const other = await buildImage(engine, 'restored/elsewhere:1', [{ 'srv/other': 'another image' }])
    const point = await ground.point()
    await expect(dockerImagesSource.planRestore(given, point, { to: 'restored' }, context)).rejects.toThrow(
      'restored/elsewhere:1 is the name of another image',
    )
    await expect(dockerImagesSource.planRestore(given, point, { to: '/a folder' }, context)).rejects.toMatchObject({
      hint: expect.stringContaining('.tar'),
    })
    expect([await idOf(engine, 'elsewhere:1'), await idOf(engine, 'restored/elsewhere:1')]).toEqual([id, other])
  })

  test('keep their names when another image gets one after the plan was made', async ({
    engine,
    ground,
    context,
    config,
    expect,
  }) => {
    await buildImage(engine, 'raced:1', [{ 'srv/raced': 'saved' }])
    const given = config({ references: ['raced:1'] })
    await ground.backUp(dockerImagesSource, given, context)
    await buildImage(engine, 'raced:1', [{ 'srv/raced': 'second' }])
    const plan = await dockerImagesSource.planRestore(given, await ground.point(), {}, context)
    const third = await buildImage(engine, 'raced:1', [{ 'srv/raced': 'third' }])
    await expect(plan.apply(context.signal)).rejects.toThrow('somebody else has changed what raced:1 is the name of')
    expect(await idOf(engine, 'raced:1')).toBe(third)
  })
})

/** Checksums by path. */
async function contentsOf(point: SourcePoint): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { path, type } of point.entries()) {
    if (type !== 'file') continue
    const hash = createHash('sha256')
    for await (const part of point.content(path)) hash.update(part)
    found.set(path, hash.digest('hex'))
  }
  return found
}

/** The same point with other bytes in files that have certain ones, as if a repository lied. */
function flipped(point: SourcePoint, from: string, to: string): SourcePoint {
  return {
    ...point,
    async *content(path) {
      for await (const part of point.content(path)) {
        yield Buffer.from(Buffer.from(part).toString('latin1').replace(from, to), 'latin1')
      }
    },
  }
}

/** A registry would be needed for the engine to know one. */
function withDigest(point: SourcePoint, digest: string): SourcePoint {
  const images = point.facts['images'] as readonly object[]
  return { ...point, facts: { ...point.facts, images: images.map((image) => ({ ...image, digests: [digest] })) } }
}
