import { chmod, chown, link, lutimes, rename, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeHostileTree, runOk, skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import type { DockerEngine } from '../../src/docker/engine.ts'
import { openConfiguredEngine } from '../../src/docker/open-configured-engine.ts'
import type { SnapshotPoint } from '../../src/points/snapshot-point.ts'
import { compareVolume, markVolume, SavedVolumeError } from '../../src/sources/docker-volumes/compare/compare-volume.ts'
import type { Comparison } from '../../src/sources/docker-volumes/compare/compare-trees.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import { volumesFacts } from '../../src/sources/docker-volumes/volume-facts.ts'
import { findVolume, type Volume } from '../../src/sources/docker-volumes/volume.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'
import type { SourceGround } from '../support/source-ground.ts'
import { type DockerGround, test as base } from './docker-volumes-ground.ts'

const FILES = { 'a.txt': 'aaa', 'folder/b.txt': 'bbb', 'folder/c.txt': 'ccc', 'folder.txt': 'beside', z: '' }

const test = base
  .extend('engine', async ({ docker, context }, { onCleanup }) => {
    const engine = await openConfiguredEngine(docker.config({ names: ['x'] }), context)
    onCleanup(() => engine[Symbol.asyncDispose]())
    return engine
  })
  /** The same, as if it were on another host. */
  .extend('far', ({ engine }): DockerEngine => ({ ...engine, isOnThisHost: async () => false }))

interface Ground {
  readonly docker: DockerGround
  readonly ground: SourceGround
  readonly context: ReadContext
}

/** Saves a volume. */
async function saved(name: string, { docker, ground, context }: Ground, more: object = {}): Promise<SnapshotPoint> {
  await ground.backUp(dockerVolumesSource, docker.config({ names: [name], ...more }), context)
  return await ground.point()
}

async function volumeOf(engine: DockerEngine, name: string): Promise<Volume> {
  return (await findVolume(engine, name))!
}

async function compared(
  engine: DockerEngine,
  name: string,
  point: SnapshotPoint,
  { context }: Pick<Ground, 'context'>,
): Promise<Comparison> {
  const volume = await volumeOf(engine, name)
  return await compareVolume(engine, volume, { saved: volumesFacts(point).volumes[0]!, point }, context)
}

describe.skipIf(skipBecause(await whyNoDocker()))('a volume that is compared with its snapshot', () => {
  test('is the same with all that a file system can hold, from here and from afar', async ({
    docker,
    ground,
    context,
    engine,
    far,
    expect,
  }) => {
    const name = docker.name()
    await makeHostileTree(await docker.makeVolume(name), { size: 'small' })
    const direct = await saved(name, { docker, ground, context })
    const first = await compared(engine, name, direct, { context })
    expect(first).toMatchObject({ kind: 'same', bytes: expect.any(Number) })
    expect(await compared(far, name, direct, { context })).toMatchObject({ kind: 'same' })

    const archived = await saved(name, { docker, ground, context }, { read: 'archive' })
    expect(await compared(engine, name, archived, { context })).toMatchObject({ kind: 'same' })
    const last = await compared(far, name, archived, { context })
    expect(last).toMatchObject({ kind: 'same' })

    for (const [on, comparison] of [
      [engine, first],
      [far, last],
    ] as const) {
      const { mark } = await markVolume(on, await volumeOf(on, name), context)
      expect(comparison).toMatchObject({ mark })
    }
    expect((await docker.traces()) as object).toMatchObject({ containers: [''] })
  })

  test.for<[what: string, says: string | RegExp, change: (at: string) => Promise<void>]>([
    ['another content of the same size and time', 'folder/b.txt has another content', sameTimes('folder/b.txt', 'xxx')],
    ['another size', 'a.txt has 4 bytes now, and had 3', sameTimes('a.txt', 'aaaa')],
    ['another time', 'a.txt was changed at another time', (at) => utimes(join(at, 'a.txt'), 1, 1)],
    ['another mode', /^a\.txt has the mode 600 now, and had 644$/, (at) => chmod(join(at, 'a.txt'), 0o600)],
    ['another owner', 'a.txt belongs to 5:6 now, and belonged to 0:0', (at) => chown(join(at, 'a.txt'), 5, 6)],
    ['another owner of the whole', /^the volume itself belongs to 5:6 now/, (at) => chown(at, 5, 6)],
    ['something new', 'folder/bb is new', keepingTime('folder', (at) => writeFile(join(at, 'folder/bb'), ''))],
    ['something new at the end', 'zz is new', keepingTime('', (at) => writeFile(join(at, 'zz'), ''))],
    ['something gone', 'folder/c.txt is gone', keepingTime('folder', (at) => rm(join(at, 'folder/c.txt')))],
    ['the last one gone', 'z is gone', keepingTime('', (at) => rm(join(at, 'z')))],
    ['another kind', 'a.txt is a symlink now, and was a file', keepingTime('', linked('a.txt', 'z'))],
    ['another attribute', 'a.txt has other attributes', (at) => attribute(join(at, 'a.txt'))],
  ])('is another with %s', async ([, says, change], { docker, ground, context, engine, expect }) => {
    const name = docker.name()
    await docker.fill(name, FILES)
    const point = await saved(name, { docker, ground, context })
    const before = await compared(engine, name, point, { context })
    expect(before.kind).toBe('same')
    await change(docker.at(name))
    const after = await compared(engine, name, point, { context })
    expect(after).toEqual({
      kind: 'different',
      difference: typeof says === 'string' ? says : expect.stringMatching(says),
    })
    const { mark } = await markVolume(engine, await volumeOf(engine, name), context)
    expect(before).not.toMatchObject({ mark })
  })

  test('is another when two names are no longer of one file, or become that', async ({
    docker,
    ground,
    context,
    engine,
    far,
    expect,
  }) => {
    const name = docker.name()
    await docker.fill(name, { one: 'same', other: 'same' })
    const [one, other] = ['one', 'other'].map((file) => join(docker.at(name), file)) as [string, string]
    for (const path of [one, other]) await utimes(path, 1000, 1000)
    const apart = await saved(name, { docker, ground, context })
    await keepingTime('', async () => {
      await unlink(other)
      await link(one, other)
    })(docker.at(name))
    const says = { kind: 'different', difference: 'other is no longer a name of the same file as before' }
    expect(await compared(engine, name, apart, { context })).toEqual(says)
    expect(await compared(far, name, apart, { context })).toEqual(says)
    const together = await saved(name, { docker, ground, context })
    expect(await compared(engine, name, together, { context })).toMatchObject({ kind: 'same' })
    await keepingTime('', async () => {
      await runOk('cp', ['-a', one, `${one}.copy`])
      await rename(`${one}.copy`, one)
    })(docker.at(name))
    expect(await compared(engine, name, together, { context })).toEqual(says)
  })

  test('is not compared with what the repository does not give back', async ({
    docker,
    ground,
    context,
    engine,
    expect,
  }) => {
    const name = docker.name()
    await docker.fill(name, FILES)
    const point = await saved(name, { docker, ground, context })
    const torn: SnapshotPoint = {
      ...point,
      async *tar(path, as) {
        let given = 0
        for await (const bytes of point.tar(path, as)) {
          yield bytes.subarray(0, 2048 - given)
          given += bytes.length
          if (given >= 2048) throw new Error('a blob is in no index')
        }
      },
    }
    const lost = compared(engine, name, torn, { context })
    await expect(lost).rejects.toThrow(/^what was saved of .* cannot be read back: a blob is in no index$/)
    await expect(lost).rejects.toBeInstanceOf(SavedVolumeError)
  })
})

/** Writes a file anew and leaves its times as they were. */
function sameTimes(file: string, content: string): (at: string) => Promise<void> {
  return keepingTime(file, (at) => writeFile(join(at, file), content))
}

function keepingTime(path: string, change: (at: string) => Promise<void>): (at: string) => Promise<void> {
  return async (at) => {
    const whole = join(at, path)
    await runOk('touch', ['--reference', whole, `${at}.time`])
    await change(at)
    await runOk('touch', ['--no-dereference', '--reference', `${at}.time`, whole])
  }
}

function linked(file: string, target: string): (at: string) => Promise<void> {
  return async (at) => {
    const { atime, mtime } = await stat(join(at, file))
    await rm(join(at, file))
    await symlink(target, join(at, file))
    await lutimes(join(at, file), atime, mtime)
  }
}

async function attribute(path: string): Promise<void> {
  await runOk('setfattr', ['--name', 'user.seen', '--value', '1', path])
}
