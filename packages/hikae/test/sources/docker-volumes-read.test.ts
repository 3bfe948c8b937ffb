import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DirectoryEntry, Entry } from '@hikae/engine'
import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { OpenSource } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { disturbed, test, until } from './docker-volumes-ground.ts'

/** Writes two files with the same number in each, again and again: stopped or not, a copy can be told. */
const WRITER =
  'n=0; while :; do n=$((n+1)); echo $n >/data/one.new; mv /data/one.new /data/one; echo $n >/data/two.new; mv /data/two.new /data/two; done'

describe.skipIf(skipBecause(await whyNoDocker()))('volumes that are saved', () => {
  test('are in the snapshot under their names, with all that is known of them', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const [one, two] = [docker.name('facts'), docker.name('facts')]
    await docker.makeVolume(one, '--label', 'com.docker.compose.project=shop', '--label', 'tier=gold')
    await docker.fill(one, { 'a/b': '12345', c: '6' })
    await docker.fill(two, {})
    await mkdir(join(docker.at(two), 'only/folders'), { recursive: true })
    const user = await docker.run('sleep 1000', '--volume', `${one}:/data:ro`)
    const { backup, reading } = await ground.backUp(
      dockerVolumesSource,
      docker.config({ names: [one], project: 'absent', labels: ['absent'] }),
      context,
    )
    expect(reading?.findings.map(({ message }) => message)).toEqual([
      'no volume fits label absent',
      'no volume fits project absent',
    ])
    expect(backup.repositories[0]!.snapshot?.paths).toEqual([`/volumes/${one}`])
    expect((await ground.point()).facts).toEqual({
      engine: expect.stringMatching(/^\d+\.\d+/),
      quiesce: 'none',
      volumes: [
        {
          ...{ name: one, driver: 'local', options: {}, scope: 'local', read: 'direct', isStill: true },
          labels: { 'com.docker.compose.project': 'shop', tier: 'gold' },
          ...{ files: 2, directories: 1, others: 0, bytes: 6, usedBy: [user], held: [] },
        },
      ],
    })
    const both = await ground.backUp(dockerVolumesSource, docker.config({ names: [two, one] }), context)
    expect(both.reading).toMatchObject({ findings: [], isEmpty: false })
    expect(await paths(await ground.point())).toEqual(
      ['', `/${one}`, `/${one}/a`, `/${one}/a/b`, `/${one}/c`, `/${two}`, `/${two}/only`, `/${two}/only/folders`].map(
        (path) => `/volumes${path}`,
      ),
    )
  })

  test('have to be there when they are named, and may be none when they are not', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const left = docker.name('left')
    await docker.makeVolume(left, '--label', 'hikae.exclude=true')
    const named = docker.config({ names: ['absent', left] })
    await expect(dockerVolumesSource.open(named, context)).rejects.toThrow(
      `there is no volume absent; the volume ${left} is named and left out: it has the label hikae.exclude=true`,
    )
    expect(await dockerVolumesSource.examine(named, context)).toMatchObject([{ severity: 'error' }])
    const pattern = docker.config({ names: [`${left}*`] })
    expect(await dockerVolumesSource.examine(pattern, context)).toEqual([])
    const { reading } = await ground.backUp(dockerVolumesSource, pattern, context)
    expect(reading).toMatchObject({ isEmpty: true, findings: [] })
    expect(ground.logged).toContain(`the volume ${left} is left out: it has the label hikae.exclude=true`)
  })

  test('hold still while the containers that write to them are stopped, which run again afterwards', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('still')
    await docker.makeVolume(volume)
    const writer = await docker.run(WRITER, '--volume', `${volume}:/data`)
    const reader = await docker.run('sleep 1000', '--volume', `${volume}:/data:ro`)
    await until(async () => (await readdir(docker.at(volume))).includes('two'))
    const states: string[] = []
    const kind = disturbed(async () => states.push(await docker.state(writer), await docker.state(reader)))
    const config = docker.config({ names: [volume], quiesce: 'stop' })
    const { reading } = await ground.backUp(kind, config, context)
    expect(states).toEqual(['exited', 'running'])
    expect(await docker.state(writer)).toBe('running')
    expect(reading?.findings).toEqual([])
    const { facts } = await ground.point()
    expect(facts).toMatchObject({
      quiesce: 'stop',
      heldSeconds: expect.any(Number),
      volumes: [{ isStill: true, usedBy: expect.arrayContaining([writer, reader]), held: [writer] }],
    })
    expect(await dockerVolumesSource.verify(config, await ground.point(), context)).toEqual([])
  })

  test('say who has run with them although they were to hold still', async ({ docker, ground, context, expect }) => {
    const [volume, other] = [docker.name('disturbed'), docker.name('undisturbed')]
    for (const name of [volume, other]) await docker.fill(name, { file: 'content' })
    const mounted = ['--volume', `${volume}:/data`]
    const held = await docker.run('sleep 1000', ...mounted)
    const [ended, brief, idle] = [
      await docker.run('sleep 1000', ...mounted),
      await docker.run('true', ...mounted),
      await docker.run('true', ...mounted),
    ]
    await docker.docker.docker('stop', ended)
    await docker.docker.docker('wait', brief, idle)
    const fresh = docker.name('fresh')
    const kind = disturbed(async () => {
      await docker.docker.docker('start', ended, brief)
      await docker.docker.docker('wait', brief)
      await docker.runAs(fresh, 'sleep 1000', ...mounted)
      await docker.run('sleep 1000', '--volume', `${volume}:/data:ro`)
      await docker.docker.docker('create', ...mounted, 'test/base:1')
    })
    const config = docker.config({ names: [volume, other], quiesce: 'stop' })
    const { backup, reading } = await ground.backUp(kind, config, context)
    expect(backup.outcome).toBe('succeeded')
    expect(reading?.findings.map(({ severity, message }) => `${severity}: ${message}`).toSorted()).toEqual(
      [ended, brief, fresh]
        .map(
          (name) =>
            `error: the container ${name} ran while what it may write to was saved (${volume}), and was not held still: the copy may not be of one moment`,
        )
        .toSorted(),
    )
    expect((await ground.point()).facts).toMatchObject({
      volumes: [
        { name: volume, isStill: false, held: [held] },
        { name: other, isStill: true },
      ],
    })
    expect([await docker.state(held), await docker.state(idle)]).toEqual(['running', 'exited'])
  })

  test('are not still when one that was held was started meanwhile, or a writer where none was held', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('restless')
    await docker.fill(volume, { file: 'content' })
    const writer = await docker.run('sleep 1000', '--volume', `${volume}:/data`)
    const kind = disturbed(() => docker.docker.docker('start', writer))
    const stopped = docker.config({ names: [volume], quiesce: 'stop' })
    const { reading } = await ground.backUp(kind, stopped, context)
    expect(reading).toMatchObject({
      findings: [{ severity: 'error', message: expect.stringContaining(`${writer} was started by something else`) }],
      facts: { volumes: [{ isStill: false, held: [writer] }] },
    })
    await docker.docker.docker('stop', writer)
    const free = await ground.backUp(kind, docker.config({ names: [volume] }), context)
    expect(free.reading).toMatchObject({ findings: [], facts: { volumes: [{ isStill: false }] } })
  })

  test('are frozen while they are paused, and no container stays so', async ({ docker, ground, context, expect }) => {
    const volume = docker.name('frozen')
    await docker.makeVolume(volume)
    const writer = await docker.run(WRITER, '--volume', `${volume}:/data`)
    const states: string[] = []
    const kind = disturbed(async () => states.push(await docker.state(writer)))
    await ground.backUp(kind, docker.config({ names: [volume], quiesce: 'pause' }), context)
    expect([...states, await docker.state(writer)]).toEqual(['paused', 'running'])
    const failing = disturbed(() => Promise.reject(new Error('the read fails')))
    const config = docker.config({ names: [volume], quiesce: 'pause' })
    await expect(ground.backUp(failing, config, context)).rejects.toThrow('the read fails')
    expect(await docker.state(writer)).toBe('running')
  })

  test('may lose their container while they are read', async ({ docker, ground, context, expect }) => {
    const volume = docker.name('ended')
    await docker.fill(volume, { file: 'content' })
    const user = await docker.run('sleep 1000', '--volume', `${volume}:/data`)
    const kind = disturbed(() => docker.docker.docker('kill', user))
    const { backup, reading } = await ground.backUp(kind, docker.config({ names: [volume] }), context)
    expect([backup.outcome, reading?.findings]).toEqual(['succeeded', []])
    expect(await docker.state(user)).toBe('exited')
  })

  test('are incomplete when they vanish, or are made anew, while they are read', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const [gone, anew] = [docker.name('gone'), docker.name('anew')]
    for (const name of [gone, anew]) await docker.fill(name, { file: 'content' })
    const kind = disturbed(async () => {
      await docker.docker.docker('volume', 'rm', gone, anew)
      await docker.docker.docker('volume', 'create', anew)
    })
    const { backup, reading } = await ground.backUp(kind, docker.config({ names: [anew, gone] }), context)
    expect(backup.outcome).not.toBe('succeeded')
    expect(reading?.findings).toMatchObject([
      { severity: 'error', message: `the volume ${anew} was removed and made anew while it was saved` },
      { severity: 'error', message: `the volume ${gone} vanished while it was saved` },
    ])
  })

  test('with a database that writes are incomplete, unless that is accepted', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('data')
    await docker.fill(volume, { file: 'content' })
    // One of its own, and not another name for what other tests use.
    const base = await docker.docker.docker('create', 'test/base:1')
    await docker.docker.docker('commit', '--change', 'LABEL name=postgres', base, 'postgres:16')
    const name = docker.name('database')
    const flags = ['--detach', '--init', '--name', name, '--volume', `${volume}:/var/lib/postgresql/data`]
    await docker.docker.docker('run', ...flags, 'postgres:16', 'sleep', '1000')
    const config = docker.config({ names: [volume] })
    expect(await dockerVolumesSource.examine(config, context)).toMatchObject([
      { severity: 'warning', message: expect.stringContaining(`PostgreSQL in the container ${name} is in use`) },
    ])
    const { reading } = await ground.backUp(dockerVolumesSource, config, context)
    expect(reading?.findings).toMatchObject([{ severity: 'error', hint: expect.stringContaining('quiesce: stop') }])
    const accepted = docker.config({ names: [volume], acceptLive: [volume] })
    expect((await ground.backUp(dockerVolumesSource, accepted, context)).reading?.findings).toEqual([])
    const stopped = docker.config({ names: [volume], quiesce: 'stop' })
    expect((await ground.backUp(dockerVolumesSource, stopped, context)).reading?.findings).toEqual([])
    const paused = docker.config({ names: [volume], quiesce: 'pause' })
    expect((await ground.backUp(dockerVolumesSource, paused, context)).reading?.findings).toEqual([])
    expect(ground.logged.join('\n')).toContain(`PostgreSQL in the container ${name} is only frozen`)
    expect(await docker.state(name)).toBe('running')
    await docker.docker.docker('pause', name)
    expect((await ground.backUp(dockerVolumesSource, stopped, context)).reading?.findings).toEqual([])
    expect(await docker.state(name)).toBe('paused')
  })

  test('with a database of SQLite that is in use are incomplete also when they are read through the engine', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('sqlite')
    await docker.fill(volume, { 'thumbs.db': 'no database, though it is called so', 'a/small.db': 'x' })
    const user = await docker.run('sleep 1000', '--volume', `${volume}:/data`)
    const findings = async (more: object = {}) => {
      const config = docker.config({ names: [volume], read: 'archive', ...more })
      return (await ground.backUp(dockerVolumesSource, config, context)).reading?.findings
    }
    expect(await findings()).toEqual([])
    using database = new DatabaseSync(join(docker.at(volume), 'a', 'über.sqlite'))
    database.exec('create table orders(id)')
    using unnamed = new DatabaseSync(join(docker.at(volume), 'index'))
    unnamed.exec('pragma journal_mode = wal; create table entries(id)')
    const unused = new DatabaseSync(join(docker.at(volume), 'unused'))
    unused.exec('create table entries(id)')
    unused.close()
    expect(await findings()).toMatchObject([
      {
        severity: 'error',
        message: expect.stringMatching(
          `^the SQLite database (a/über.sqlite|index) and 1 more, which the container ${user} may write, is in use while the volume ${volume} is copied`,
        ),
      },
    ])
    expect(await findings({ acceptLive: [user] })).toEqual([])
    expect(await findings({ quiesce: 'pause' })).toEqual([])
    expect(await findings({ quiesce: 'stop' })).toEqual([])
    await docker.docker.docker('stop', user)
    expect(await findings()).toEqual([])
  })

  test('are not missed by an engine that dies meanwhile, and its containers run again', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('dying')
    await docker.fill(volume, { file: 'content' })
    const user = await docker.run('sleep 1000', '--volume', `${volume}:/data`)
    const kind = disturbed(async () => {
      await docker.docker.kill()
      // It is back when the containers are to go on.
      void docker.docker.start()
    })
    const { reading } = await ground.backUp(kind, docker.config({ names: [volume], quiesce: 'stop' }), context)
    expect(reading?.findings).toEqual([])
    expect(await docker.state(user)).toBe('running')
  })

  test('fail when they are read through an engine that dies, which finds the helper container marked afterwards', async ({
    docker,
    ground,
    context,
    expect,
  }) => {
    const volume = docker.name('through')
    await docker.makeVolume(volume)
    // More than the engine sends ahead.
    await writeFile(join(docker.at(volume), 'large'), Buffer.alloc(64 * 1024 * 1024))
    const config = docker.config({ names: [volume], read: 'archive' })
    const kind = {
      ...dockerVolumesSource,
      async open(...given: Parameters<typeof dockerVolumesSource.open>) {
        const source = await dockerVolumesSource.open(...given)
        return withFirstBytes(source, () => docker.docker.kill())
      },
    }
    await expect(ground.backUp(kind, config, context)).rejects.toThrow(
      /broke the connection off|not whole|ends|aborted/,
    )
    expect(await ground.snapshotCount()).toBe(0)
    await docker.docker.start()
    const left = ['ps', '--all', '--quiet', '--filter', 'label=hikae.helper', '--filter', `volume=${volume}`]
    expect((await docker.docker.docker(...left)).split('\n')).toHaveLength(1)
    expect(ground.logged.join('\n')).toContain('cannot remove a helper container')
    expect((await ground.backUp(dockerVolumesSource, config, context)).backup.outcome).toBe('succeeded')
  })

  test('that are mounted elsewhere while they are used are not read at their places', async ({
    docker,
    ground,
    context,
    dir,
    expect,
  }) => {
    const volume = docker.name('bound')
    await mkdir(dir.join('bound'))
    await writeFile(dir.join('bound/file'), 'content')
    const options = ['type=none', 'o=bind', `device=${dir.join('bound')}`].flatMap((option) => ['--opt', option])
    await docker.makeVolume(volume, ...options)
    await expect(dockerVolumesSource.open(docker.config({ names: [volume], read: 'direct' }), context)).rejects.toThrow(
      /cannot be read directly: its content is mounted while a container uses it/,
    )
    const { reading } = await ground.backUp(dockerVolumesSource, docker.config({ names: [volume] }), context)
    expect(reading).toMatchObject({ findings: [], facts: { volumes: [{ read: 'archive', files: 1, bytes: 7 }] } })
    const point = await ground.point()
    for (const to of [undefined, docker.name('new')]) {
      const options = to === undefined ? {} : { to }
      await expect(
        dockerVolumesSource.planRestore(docker.config({ names: [volume] }), point, options, context),
      ).rejects.toThrow(/lies elsewhere, as its options \(device, o, type\) say/)
    }
  })
})

/** The same, with something that happens after the first bytes of the first file. */
function withFirstBytes(source: OpenSource, happen: () => Promise<void>): OpenSource {
  const watched = (entry: Entry): Entry => {
    if (entry.kind === 'directory') {
      return {
        ...entry,
        async *children(signal) {
          for await (const child of entry.children(signal)) yield watched(child)
        },
      }
    }
    if (entry.kind !== 'file' || entry.content.kind !== 'stream') return entry
    const { content } = entry
    return {
      ...entry,
      content: {
        kind: 'stream',
        async *open(signal) {
          let isFirst = true
          for await (const bytes of content.open(signal)) {
            yield bytes
            if (isFirst) await happen()
            isFirst = false
          }
        },
      },
    }
  }
  return {
    ...source,
    root: watched(source.root) as DirectoryEntry,
    finish: () => source.finish(),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

async function paths(point: SourcePoint): Promise<string[]> {
  const found: string[] = []
  for await (const { path } of point.entries('/volumes')) found.push(path)
  return found.toSorted()
}
