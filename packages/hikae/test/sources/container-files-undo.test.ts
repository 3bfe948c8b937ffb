import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initRepository, openLocalBackend, openRepository } from '@hikae/engine'
import { makeTempDir, runProcess, skipBecause, TEST_POLYNOMIAL, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, type ExpectStatic, test as base } from 'vitest'
import { openPoint } from '../../src/points/snapshot-point.ts'
import { readSource } from '../../src/points/read-source.ts'
import { containerFilesSource as kind } from '../../src/sources/container-files/container-files-source.ts'
import type { KeptCopy, ReadContext } from '../../src/sources/source-kind.ts'
import { SourceGround } from '../support/source-ground.ts'
import { ContainerFilesGround } from './container-files-ground.ts'
import type { KilledRestore } from './container-files-restore-program.ts'

const skip = skipBecause(await whyNoDocker())
const PROGRAM = join(import.meta.dirname, 'container-files-restore-program.ts')
const PASSWORD = 'correct horse'

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

async function filled(script: string): Promise<string> {
  const name = containers.newName('undone')
  await containers.run(name)
  await containers.inside(name, script)
  return name
}

async function startedAt(name: string): Promise<string> {
  return await containers.docker.docker('inspect', '--format', '{{.State.StartedAt}}', name)
}

async function kept(config: object, context: ReadContext): Promise<readonly KeptCopy[]> {
  return await kind.kept!(containers.config({ ...config }), context)
}

describe.skipIf(skip)('what a restore into a container has replaced', () => {
  test('is put back while the container holds still', async ({ ground, context, expect }) => {
    const name = await filled('mkdir /app; echo x > /app/file')
    const config = containers.config({ container: name, paths: ['/app'], quiesce: 'stop' })
    await ground.backUp(kind, config, context)
    await (await kind.planRestore(config, await ground.point(), {}, context)).apply(context.signal)
    const [copy] = await kept(config, context)
    const plan = await copy!.planUndo(context)
    expect(plan.steps).toContain(`let ${name} hold still meanwhile (stop)`)
    const before = await startedAt(name)
    expect(await plan.apply(context.signal)).toMatchObject({ findings: [] })
    expect(await startedAt(name)).not.toBe(before)
    expect(await containers.inside(name, 'cat /app/file')).toBe('x')
  })

  test('is passed over when what is written of it cannot be read', async ({ ground, context, expect }) => {
    const name = await filled('mkdir /app; echo x > /app/file')
    const config = containers.config({ container: name, paths: ['/app'] })
    await ground.backUp(kind, config, context)
    const plan = await kind.planRestore(config, await ground.point(), {}, context)
    for (const _ of [1, 2]) await plan.apply(context.signal)
    const [bad, good] = await kept(config, context)
    await writeFile(join(bad!.place, 'index.json'), '{')
    expect((await kept(config, context)).map(({ place }) => place)).toEqual([good!.place])
    expect(ground.logged.join('\n')).toContain(`what is kept in ${bad!.place} is passed over`)
  })

  test('is named after the restore was killed, until all is whole again', async ({ dir, context, expect }) => {
    const random = 'dd if=/dev/urandom of=/app/b bs=1M count=8 2>/dev/null'
    const name = await filled(`mkdir /app; echo x > /app/a; ${random}`)
    const config = { engine: { host: containers.docker.host }, container: name, paths: ['/app'] }
    const repository = dir.join('repository')
    await saveTo(repository, config, context)
    await containers.inside(name, `echo y > /app/a; rm /app/b; echo mine > /app/newer`)
    const before = await containers.facts(name, '/app')
    const state = await context.stateFolder()
    const order: KilledRestore = { config, repository, password: PASSWORD, state, bytes: 6 * 1024 * 1024 }
    const parsed = containers.config(config)
    const killed = async (): Promise<void> => await restoreKilled(order, expect)
    const findings = async () => await kind.settle!(parsed, context)

    await killed()
    expect(await findings()).toMatchObject([
      { severity: 'error', message: expect.stringContaining(`into the container ${name} was interrupted`) },
    ])
    const [found] = await findings()
    const at = /hikae restore tried --undo --at (\S+)` puts back/.exec(found!.hint!)![1]!
    const [copy] = await kept(config, context)
    expect(copy!.time).toEqual(new Date(at))
    await (await copy!.planUndo(context)).apply(context.signal)
    expect(await containers.facts(name, '/app')).toEqual(before)
    expect(await findings()).toEqual([])

    await killed()
    expect(await findings()).toHaveLength(1)
    const again = await openRepository(await openLocalBackend(repository), { password: PASSWORD })
    await again.loadIndex()
    const point = await openPoint(again, (await again.snapshots())[0]!, context.signal)
    await (await kind.planRestore(parsed, point, {}, context)).apply(context.signal)
    expect(await containers.inside(name, 'cat /app/a')).toBe('x')
    expect(await findings()).toEqual([])
  })
})

async function saveTo(repository: string, config: object, context: ReadContext): Promise<void> {
  const backend = await openLocalBackend(repository)
  await initRepository(backend, {
    ...{ password: PASSWORD, hostname: 'host', username: 'user', chunkerPolynomial: TEST_POLYNOMIAL },
    kdf: { N: 2, r: 8, p: 1 },
  })
  const opened = await openRepository(backend, { password: PASSWORD })
  await opened.loadIndex()
  await using source = await kind.open(containers.config({ ...config }), context)
  const origin = { kind: kind.name, source: 'tried', stack: 'test', job: 'test', run: 'r1', program: '0' }
  await readSource(source, origin, [{ repository: opened }], { signal: context.signal })
}

async function restoreKilled(order: KilledRestore, expect: ExpectStatic): Promise<void> {
  const args = ['-C', '@hikae/source', PROGRAM, JSON.stringify(order)]
  const { signal, stderr } = await runProcess(process.execPath, args)
  expect(signal, stderr).toBe('SIGKILL')
}
