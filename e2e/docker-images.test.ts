import { mkdir, writeFile } from 'node:fs/promises'
import { makeCheapRepository, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { test as base } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD } from './hikae.ts'

const skip = skipBecause(await whyNoDocker())

const test = base
  .extend('engine', { scope: 'file' }, async ({}, { onCleanup }): Promise<TestDocker> => {
    const engine = await startDocker()
    onCleanup(() => engine[Symbol.asyncDispose]())
    return engine
  })
  .extend('stack', async ({ dir, engine }) => {
    await makeCheapRepository(dir.join('usb'), PASSWORD)
    const lines = [
      'version: 1',
      'stack: shop',
      'repositories:',
      '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
      'sources:',
      "  images: { docker-images: { references: ['shop/*'] } }",
      'jobs:',
      '  nightly: {}',
    ]
    await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
    return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state'), DOCKER_HOST: engine.host } })
  })

async function build(engine: TestDocker, folder: string, said: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}/said`, said)
  await writeFile(`${folder}/Dockerfile`, 'FROM test/base:1\nCOPY said /said\nCMD ["cat", "/said"]\n')
  await engine.docker('build', '--quiet', '--tag', 'shop/app:1', folder)
  return await engine.docker('image', 'inspect', '--format', '{{.Id}}', 'shop/app:1')
}

describe.skipIf(skip)('images of a stack', () => {
  test('are saved, removed, restored by the name of their source, and run', async ({ stack, engine, dir, expect }) => {
    const id = await build(engine, dir.join('context'), 'hello')
    await stack.ok(['backup'])
    await engine.docker('rmi', 'shop/app:1')
    expect((await engine.tryDocker(['run', '--rm', 'shop/app:1'])).exitCode).not.toBe(0)

    const restored = await stack.ok(['restore', 'images', '--yes'])
    expect(restored.stdout).toContain('shop/app:1')
    expect(await engine.docker('image', 'inspect', '--format', '{{.Id}}', 'shop/app:1')).toBe(id)
    expect(await engine.docker('run', '--rm', 'shop/app:1')).toBe('hello')
  })

  test('that took a name from another one give it back when that is undone', async ({ stack, engine, dir, expect }) => {
    await build(engine, dir.join('context'), 'first')
    await stack.ok(['backup'])
    await build(engine, dir.join('context'), 'second')
    const said = () => engine.docker('run', '--rm', 'shop/app:1')
    expect(await said()).toBe('second')
    const plan = await stack.ok(['restore', 'images', '--dry-run'])
    expect(plan.stdout).toMatch(/move the name shop\/app:1 from the image [0-9a-f]{12}, which is kept as/)
    await stack.ok(['restore', 'images', '--yes'])
    expect(await said()).toBe('first')
    await stack.ok(['restore', 'images', '--undo', '--yes'])
    expect(await said()).toBe('second')
  })

  test('that are not there make a run fail by name', async ({ stack, engine, expect }) => {
    const names = await engine.docker(
      'image',
      'ls',
      '--format',
      '{{.Repository}}:{{.Tag}}',
      '--filter',
      'reference=shop/*',
    )
    for (const name of names.split('\n').filter((each) => each !== '')) await engine.docker('rmi', '--force', name)
    const { exitCode, stdout } = await stack.run(['backup', '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.stringify(jsonLines(stdout))).toContain('is meant by shop/*')
  })
})
