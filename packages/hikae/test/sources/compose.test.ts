import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  compose,
  makeTempDir,
  skipBecause,
  startDocker,
  type TestDocker,
  whyNoCompose,
  whyNoDocker,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, test as base } from 'vitest'
import type { SnapshotPoint } from '../../src/points/snapshot-point.ts'
import { composeSource } from '../../src/sources/compose/compose-source.ts'
import type { ComposeConfig } from '../../src/sources/compose/config.ts'
import type { SourceKind } from '../../src/sources/source-kind.ts'
import { describeSource, type SourceSubject } from '../support/describe-source.ts'
import { SourceGround } from '../support/source-ground.ts'
import { ComposeGround } from './compose-ground.ts'
import { inFolder } from './docker-volumes-ground.ts'

const skip = skipBecause((await whyNoDocker()) ?? (await whyNoCompose()))
let docker: TestDocker
let projects = 0

beforeAll(async () => {
  if (!skip) docker = await startDocker()
})
afterAll(async () => {
  await docker?.[Symbol.asyncDispose]()
})

async function traces(): Promise<unknown> {
  const volumes = (await docker.docker('volume', 'ls', '--format', '{{.Name}}')).split('\n')
  const containers = (await docker.docker('ps', '--all', '--format', '{{.Names}} {{.State}}')).split('\n')
  return { volumes: volumes.toSorted(), containers: containers.toSorted() }
}

describeSource(
  'compose',
  async (dir): Promise<SourceSubject<ComposeConfig>> => {
    const name = `shop${++projects}`
    const project = await ComposeGround.up(docker, dir, name)
    const copy = `copy${projects}`
    const lasting = project.config({ quiesce: 'stop' })
    const { kind, begun } = lastingUntilStopped(lasting)
    return {
      kind,
      config: project.config({ quiesce: 'stop' }),
      folder: dir.path,
      content: (to) => (to === undefined ? project.content() : project.content(copy, dir.join('copied'))),
      elsewhere: `${copy}:${dir.join('copied')}`,
      async change() {
        await project.write({ 'config/app.conf': 'port = 90\n', 'web.env': 'SECRET=2\n' })
        await rm(join(project.volume('data'), 'rows'))
        await writeFile(join(project.volume('jobs'), '2'), 'new')
      },
      failing: project.config({ include: ['absent'] }),
      lasting: { config: lasting, begun },
      traces,
      async [Symbol.asyncDispose]() {
        await project.compose('down', '--volumes')
        await docker.docker('volume', 'prune', '--force')
      },
    }
  },
  { skip },
)

/** The kind, whose last entry of one configuration comes when it is stopped: by then containers are held. */
function lastingUntilStopped(lasting: ComposeConfig): {
  kind: SourceKind<ComposeConfig>
  begun: () => Promise<void>
} {
  const begun = Promise.withResolvers<void>()
  return {
    begun: () => begun.promise,
    kind: {
      ...composeSource,
      async open(config, context) {
        const source = await composeSource.open(config, context)
        if (config !== lasting) return source
        return {
          ...source,
          root: {
            ...source.root,
            async *children(signal) {
              yield* source.root.children(signal)
              begun.resolve()
              await setTimeout(60_000, undefined, { signal }).catch(() => signal.throwIfAborted())
            },
          },
        }
      },
    },
  }
}

const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('project', async ({ dir }, { onCleanup }) => {
    const project = await ComposeGround.up(docker, dir, `app${++projects}`)
    onCleanup(async () => {
      await project.compose('down', '--volumes')
    })
    return project
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ ground, dir }) => inFolder(ground.context(dir.path), dir))

describe.skipIf(skip)('a Compose project', () => {
  test('that is gone comes back, and Compose takes it for its own', async ({ project, ground, context, expect }) => {
    const before = await project.content()
    const { findings, backup } = await ground.backUp(composeSource, project.config({ quiesce: 'stop' }), context)
    expect({ findings, outcome: backup.outcome }).toEqual({ findings: [], outcome: 'succeeded' })
    await project.compose('down', '--volumes')
    await docker.docker('image', 'rm', '--force', 'test/base:1')
    await rm(project.folder, { recursive: true })
    const point = await ground.point()
    const plan = await composeSource.planRestore(project.config(), point, { to: project.folder }, context)
    expect(plan.steps.at(-1)).toContain('docker compose up -d')
    const restored = await plan.apply(context.signal)
    expect(restored).toMatchObject({ findings: [], place: `${project.folder}, as the project ${project.name}` })
    expect(await project.content()).toEqual(before)
    const { stderr } = await compose(docker, project.folder, 'up', '--detach')
    expect(stderr).not.toMatch(/already exists but was not created|Volume .* Created/)
    expect(await docker.docker('exec', `${project.name}-web-1`, 'cat', '/data/rows')).toBe('rows')
    expect(await composeSource.verify(project.config(), point, context)).toEqual([])
  })

  test('gets its new name where the files say another', async ({ project, ground, context, dir, expect }) => {
    const original = await readFile(join(project.folder, 'compose.yaml'), 'utf8')
    await project.write({ 'compose.yaml': `name: ${project.name}\n${original}`, '.env': '# settings\nA=1' })
    await ground.backUp(composeSource, project.config(), context)
    const to = `staging:${dir.join('elsewhere')}`
    const plan = await composeSource.planRestore(project.config(), await ground.point(), { to }, context)
    await plan.apply(context.signal)
    expect(await readFile(dir.join('elsewhere/.env'), 'utf8')).toBe('# settings\nA=1\nCOMPOSE_PROJECT_NAME=staging\n')
    const { stderr } = await compose(docker, dir.join('elsewhere'), 'up', '--detach')
    expect(stderr).not.toMatch(/Volume .* Created/)
    expect(await docker.docker('exec', 'staging-worker-1', 'cat', '/jobs/1')).toBe('job')
    expect(await docker.docker('volume', 'inspect', '--format', '{{index .Labels "purpose"}}', 'staging_jobs')).toBe(
      'queue',
    )
    await compose(docker, dir.join('elsewhere'), 'down', '--volumes')
  })

  test('is not restored beside itself under its own name, nor over anything', async ({
    project,
    ground,
    context,
    dir,
    expect,
  }) => {
    await ground.backUp(composeSource, project.config(), context)
    const point = await ground.point()
    const plan = (to: string) => composeSource.planRestore(project.config(), point, { to }, context)
    await expect(plan(dir.join('new'))).rejects.toMatchObject({
      message: `a project ${project.name} is there already, with containers of web, worker`,
      hint: expect.stringContaining(`--to ${project.name}-restored:${dir.join('new')}`),
    })
    await expect(plan(`other:${project.folder}`)).rejects.toThrow('is not empty')
    await expect(plan(`Bad.Name:${dir.join('new')}`)).rejects.toThrow(/cannot be the name of a Compose project/)
    await docker.docker('volume', 'create', 'other_data')
    await expect(plan(`other:${dir.join('new')}`)).rejects.toThrow('the volume other_data is there already')
    await docker.docker('volume', 'rm', 'other_data')
  })

  test('says what of it is not saved', async ({ project, ground, context, dir, expect }) => {
    const original = await readFile(join(project.folder, 'compose.yaml'), 'utf8')
    await writeFile(dir.join('outside'), 'x')
    const more = `['data:/data', '${dir.join('outside')}:/outside', /anonymous]`
    await project.write({
      'compose.yaml': `${original.replace("['data:/data', 'jobs:/jobs']", more)}\nconfigs: { c: { file: ./gone.conf } }\n`,
    })
    await project.compose('up', '--detach')
    await rm(join(project.folder, 'web.env'))
    const { findings } = await ground.backUp(composeSource, project.config(), context)
    const messages = findings.map(({ message }) => message).join('\n')
    expect(messages).toContain(`${dir.join('outside')}, which worker mounts, is not saved`)
    expect(messages).toContain('worker keeps /anonymous in a volume without a name')
    expect(messages).toContain(`${join(project.folder, 'web.env')}, which the project needs, is not there`)
    expect(messages).toContain(`${join(project.folder, 'gone.conf')}, which the project needs, is not there`)
    expect(findings).toHaveLength(4)
    await project.write({ 'web.env': 'SECRET=1\n', 'gone.conf': '' })
    const accepting = project.config({ binds: 'all', acceptMissing: ['worker:/anonymous'] })
    const whole = await ground.backUp(composeSource, accepting, context)
    expect(whole.findings).toEqual([])
    expect((await composeSource.examine(project.config(), context)).map(({ severity }) => severity)).toEqual([
      'warning',
      'warning',
    ])
  })

  test('holds still while folders that services write to are read, and not only for volumes', async ({
    project,
    ground,
    context,
    expect,
  }) => {
    const original = await readFile(join(project.folder, 'compose.yaml'), 'utf8')
    const database = `db: { image: 'my/postgres:16', init: true, command: [sleep, '1000'], volumes: ['./pgdata:/var/lib/postgresql/data'], stop_grace_period: 1s }`
    await project.write({ 'compose.yaml': original.replace('services:', `services:\n  ${database}`) })
    await docker.docker('commit', await docker.docker('create', '--name', 'once', 'test/base:1'), 'my/postgres:16')
    await docker.docker('rm', 'once')
    await project.compose('up', '--detach')
    await project.write({ 'pgdata/PG_VERSION': '16' })
    const live = await ground.backUp(composeSource, project.config(), context)
    expect(live.findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^PostgreSQL in the container \S+-db-1 is in use while .*pgdata is copied/),
    ])
    ground.logged.length = 0
    const still = await ground.backUp(composeSource, project.config({ quiesce: 'stop' }), context)
    expect(still.findings).toEqual([])
    expect(ground.logged.join('\n')).toMatch(/-db-1 was stopped for/)
    expect(await docker.docker('ps', '--filter', `name=${project.name}`, '--format', '{{.State}}')).toBe(
      'running\nrunning\nrunning',
    )
  })

  test('that has lost a volume, or an image, says so', async ({ project, ground, context, expect }) => {
    await project.compose('down')
    await docker.docker('volume', 'rm', `${project.name}_jobs`)
    const byFile = { ...project.config(), project: undefined, file: project.folder }
    const { findings } = await ground.backUp(composeSource, byFile, context)
    expect(findings.map(({ message }) => message)).toEqual([
      `the volume ${project.name}_jobs, which the project's files name, is not there`,
    ])
    const accepted = await ground.backUp(composeSource, { ...byFile, acceptMissing: ['jobs'] }, context)
    expect(accepted.findings).toEqual([])
    await project.compose('up', '--detach')
  })

  test('is whole again when a part of it cannot be put in place', async ({ project, ground, context, expect }) => {
    await ground.backUp(composeSource, project.config(), context)
    await project.write({ 'config/app.conf': 'port = 99\n' })
    const before = await project.content()
    const plan = await composeSource.planRestore(project.config(), damagedVolumes(await ground.point()), {}, context)
    await expect(plan.apply(context.signal)).rejects.toThrow('a blob is in no index')
    expect(await project.content()).toEqual(before)
    expect(await docker.docker('ps', '--filter', `name=${project.name}`, '--format', '{{.State}}')).toBe(
      'running\nrunning',
    )
  })

  test('knows the env files that it was started with', async ({ project, ground, context, dir, expect }) => {
    await writeFile(dir.join('production.env'), 'CONFIG=./config\n')
    const original = await readFile(join(project.folder, 'compose.yaml'), 'utf8')
    await project.write({ 'compose.yaml': original.replace('./config:', '${CONFIG}:') })
    await project.compose('--env-file', dir.join('production.env'), 'up', '--detach', '--force-recreate')
    const { findings } = await ground.backUp(composeSource, project.config(), context)
    await project.write({ 'compose.yaml': original })
    expect(findings).toEqual([])
    const paths: string[] = []
    for await (const { path } of (await ground.point()).entries()) paths.push(path)
    expect(paths).toContain(`/project${dir.join('production.env')}`)
    expect(paths).toContain(`/project${join(project.folder, 'config/app.conf')}`)
  })

  test('is found by its folder, also when it is down', async ({ project, ground, context, expect }) => {
    await project.compose('down')
    const byFile = { ...project.config(), project: undefined, file: project.folder }
    const { findings } = await ground.backUp(composeSource, byFile, context)
    expect(findings).toEqual([])
    expect((await ground.point()).facts).toMatchObject({ project: { name: project.name, running: [] } })
    await expect(ground.backUp(composeSource, project.config(), context)).rejects.toMatchObject({
      message: `no container belongs to a Compose project named ${project.name}`,
      hint: expect.stringContaining('`file:`'),
    })
    await project.compose('up', '--detach')
  })
})

/** A point whose volumes cannot be read to their end. */
function damagedVolumes(point: SnapshotPoint): SnapshotPoint {
  return {
    ...point,
    async writeTo(folder, path, options) {
      await point.writeTo(folder, path, options)
      if (path?.startsWith('/volumes') === true) throw new Error('a blob is in no index')
    },
  }
}
