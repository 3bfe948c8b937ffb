import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE_IMAGE, makeTempDir, skipBecause, type TempDir, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, test as base } from 'vitest'
import { containerFilesSource as kind } from '../../src/sources/container-files/container-files-source.ts'
import type { ContainerFilesConfig } from '../../src/sources/container-files/config.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { SourceGround } from '../support/source-ground.ts'
import { ContainerFilesGround, CountingProxy } from './container-files-ground.ts'

const skip = skipBecause(await whyNoDocker())

let containers: ContainerFilesGround
beforeAll(async () => {
  if (!skip) containers = await ContainerFilesGround.create()
}, 60_000)
afterAll(async () => await containers?.[Symbol.asyncDispose](), 60_000)

const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ ground, dir }) => ground.context(dir.path))

const LABELS = (project: string, number: number): string[] => [
  ...['--label', `com.docker.compose.project=${project}`, '--label', 'com.docker.compose.service=api'],
  ...['--label', `com.docker.compose.container-number=${number}`],
]

async function filled(script: string, ...options: string[]): Promise<string> {
  const name = containers.newName('case')
  await containers.run(name, ...options)
  await containers.inside(name, script)
  return name
}

async function saved(config: ContainerFilesConfig, dir: TempDir, ground: SourceGround): Promise<SourcePoint> {
  await ground.backUp(kind, config, ground.context(dir.path))
  return await ground.point()
}

describe.skipIf(skip)('files in containers', () => {
  test('are those of the container that has the name now, stopped or not', async ({ ground, context, expect }) => {
    const name = await filled('mkdir /app; echo old > /app/file')
    const config = containers.config({ container: name, paths: ['/app'] })
    const { reading: first } = await ground.backUp(kind, config, context)
    await containers.docker.docker('rm', '--force', name)
    await containers.run(name)
    await containers.inside(name, 'mkdir /app; echo newer > /app/file')
    await containers.docker.docker('stop', '--time', '1', name)
    const { reading: second } = await ground.backUp(kind, config, context)
    const idOf = (facts: unknown): unknown => (facts as { container: { id: string } }).container.id
    expect(idOf(second!.facts)).not.toBe(idOf(first!.facts))
    expect(second).toMatchObject({
      findings: [],
      facts: {
        container: { name, image: BASE_IMAGE },
        paths: [{ path: '/app', files: 1, bytes: 6, uid: 0, mode: '755' }],
      },
    })
  })

  test('are those of one container of a service, which has to be certain', async ({ context, expect }) => {
    for (const [project, number] of [
      ['one', 1],
      ['one', 2],
      ['two', 1],
    ] as const) {
      await filled('mkdir /app; echo x > /app/file', ...LABELS(project, number))
    }
    const examined = async (given: object): Promise<string[]> => {
      const config = containers.config({ service: 'api', paths: ['/app'], ...given })
      return (await kind.examine(config, context)).map(({ message, hint }) => `${message}; ${hint}`)
    }
    expect(await examined({})).toEqual([expect.stringMatching(/has 3 containers.*project: (one, two|two, one)/)])
    expect(await examined({ project: 'one' })).toEqual([expect.stringMatching(/has 2 containers.*index/)])
    expect(await examined({ project: 'one', index: 3 })).toEqual([expect.stringContaining('index 1')])
    expect(await examined({ project: 'one', index: 2 })).toEqual([])
    expect(await examined({ project: 'two' })).toEqual([])
    expect(await examined({ service: 'absent' })).toEqual([expect.stringContaining('there is no container')])
  })

  test('that cannot all be had make the run incomplete, by name', async ({ ground, context, expect }) => {
    const name = await filled(
      'mkdir /app /real; echo x > /app/file; ln -s /real /app/../current; echo x > /memory/file',
      '--tmpfs',
      '/memory',
    )
    const paths = ['/app', '/app/file', '/current', '/memory/file', '/absent']
    const { reading } = await ground.backUp(kind, containers.config({ container: name, paths }), context)
    expect(reading!.findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      `error: /memory of ${name} is a tmpfs: what is in it is in memory, and Docker cannot read it`,
      `error: there is no /absent in the container ${name}`,
      'error: /current is a symlink to /real: only the link is saved, and not what it leads to',
    ])
    const none = containers.config({ container: name, paths: ['/absent', '/memory'] })
    await expect(kind.open(none, context)).rejects.toThrow(/nothing can be saved.*\/absent/)
  })

  test('in a volume are read too, and the log says what would be faster', async ({ ground, context, expect }) => {
    const name = await filled('echo x > /data/file', '--volume', 'some-data:/data')
    const { reading } = await ground.backUp(kind, containers.config({ container: name, paths: ['/data'] }), context)
    expect(reading).toMatchObject({ findings: [], facts: { paths: [{ files: 1 }] } })
    expect(ground.logged.join('\n')).toContain('docker-volumes reads it faster')
  })

  test('are read while the container is stopped, which runs again afterwards', async ({ ground, context, expect }) => {
    const name = await filled('mkdir /app; echo x > /app/file')
    const config = containers.config({ container: name, paths: ['/app'], quiesce: 'stop' })
    const { reading } = await ground.backUp(kind, config, context)
    expect(reading).toMatchObject({ findings: [], facts: { heldSeconds: expect.any(Number) } })
    expect(await containers.docker.docker('inspect', '--format', '{{.State.Running}}', name)).toBe('true')
  })

  test('go to a folder of this host with owners and modes', async ({ dir, ground, context, expect }) => {
    const name = await filled(
      'mkdir -p /app/up; echo x > /app/up/key; chown 1234:2345 /app/up/key; chmod 400 /app/up/key',
    )
    const config = containers.config({ container: name, paths: ['/app/up', '/app/up/key', '/etc/hostname'] })
    const point = await saved(config, dir, ground)
    await (await kind.planRestore(config, point, { to: 'out' }, context)).apply(context.signal)
    expect(await stat(dir.join('out/app/up/key'))).toMatchObject({ uid: 1234, gid: 2345, mode: 0o100_400 })
    expect(await readFile(dir.join('out/app/up/key'), 'utf8')).toBe('x\n')
    await expect(kind.planRestore(config, point, { to: 'out' }, context)).rejects.toThrow('no empty folder')
  })

  test('come back with hard links, setuid among them, and others stay and are named', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const name = await filled('mkdir /app; echo x > /app/one; chmod 4755 /app/one; ln /app/one /app/two')
    const config = containers.config({ container: name, paths: ['/app'] })
    const point = await saved(config, dir, ground)
    await containers.inside(name, 'rm /app/two; echo y > /app/one; echo mine > /app/newer')
    // As a process that was killed leaves it: no process has this number.
    const unfinished = join(await context.stateFolder(), 'kept', '.new-4194305-20260101T000000Z-00000000')
    await mkdir(unfinished, { recursive: true })
    const plan = await kind.planRestore(config, point, {}, context)
    expect(plan.steps.join('\n')).toContain('1 that are in /app and not in the backup stay: /app/newer')
    expect(plan.steps.join('\n')).toContain('goes on running')
    await plan.apply(context.signal)
    expect(await containers.inside(name, 'cat /app/newer /app/two; stat -c "%a %h" /app/one')).toBe('mine\nx\n4755 2')
    await expect(stat(unfinished)).rejects.toThrow('ENOENT')
    const [copy] = await kind.kept!(config, context)
    await (await copy!.planUndo(context)).apply(context.signal)
    expect(await containers.inside(name, 'cd /app; ls; cat one newer')).toBe('newer\none\ny\nmine')
  })

  test('are not restored where a folder would have to become a file', async ({ dir, ground, context, expect }) => {
    const name = await filled('mkdir /app; echo x > /app/thing')
    const config = containers.config({ container: name, paths: ['/app'] })
    const point = await saved(config, dir, ground)
    await containers.inside(name, 'rm /app/thing; mkdir /app/thing; echo y > /app/thing/inside')
    await expect(kind.planRestore(config, point, {}, context)).rejects.toThrow('/app/thing')
    expect(await containers.inside(name, 'cat /app/thing/inside')).toBe('y')
    await expect(kind.planRestore(config, point, { to: `${name}:/app` }, context)).rejects.toThrow('no empty folder')
  })

  test('are as they were when a restore breaks off in the middle', async ({ dir, ground, context, expect }) => {
    const name = await filled('mkdir /app; echo x > /app/a; dd if=/dev/urandom of=/app/b bs=1M count=3 2>/dev/null')
    const config = containers.config({ container: name, paths: ['/app'] })
    const point = await saved(config, dir, ground)
    await containers.inside(name, 'rm /app/b; echo y > /app/a; echo mine > /app/newer')
    const before = await containers.facts(name, '/app')
    let readings = 0
    const breaking: SourcePoint = {
      ...point,
      async *tar(path, as) {
        const isSecond = ++readings > 1
        let bytes = 0
        for await (const piece of point.tar(path, as)) {
          yield piece
          bytes += piece.length
          if (isSecond && bytes > 2 * 1024 * 1024) throw new Error('the repository is gone')
        }
      },
    }
    const plan = await kind.planRestore(config, breaking, {}, context)
    await expect(plan.apply(context.signal)).rejects.toThrow('the repository is gone')
    expect(await containers.facts(name, '/app')).toEqual(before)
  })

  test('make no snapshot when the connection is cut, and none when the engine is killed', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const name = await filled('mkdir /app; dd if=/dev/zero of=/app/zeros bs=1 count=0 seek=4G 2>/dev/null')
    for (const how of ['cut', 'kill'] as const) {
      await using proxy = await CountingProxy.start(dir.join(how), containers.docker.socket)
      const config = containers.config({ engine: { host: proxy.address }, container: name, paths: ['/app'] })
      const outcome = ground.backUp(kind, config, context).catch((error: unknown) => error)
      await proxy.hasGiven(4 * 1024 * 1024)
      if (how === 'cut') proxy.cut()
      else await containers.docker.kill()
      expect(await outcome).toMatchObject({ code: 'DOCKER' })
    }
    expect(await ground.snapshotCount()).toBe(0)
    await containers.docker.start()
  })

  test('have paths that can be told from the start', ({ expect }) => {
    const problems = (given: object): number => kind.config.safeParse(given).error?.issues.length ?? 0
    for (const path of ['/', '/proc/1', '/sys', '/dev/shm', 'app', '/app/../proc']) {
      expect(problems({ container: 'x', paths: [path] }), path).toBe(1)
    }
    expect(problems({ paths: ['/app'] })).toBe(1)
    expect(problems({ container: 'x', service: 'y', paths: ['/app'] })).toBe(1)
    expect(problems({ container: 'x', index: 1, paths: ['/app'] })).toBe(1)
    expect(problems({ service: 'x', project: 'p', index: 1, paths: ['/app', '/processes'] })).toBe(0)
  })
})
