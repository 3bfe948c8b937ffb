import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BASE_IMAGE,
  compareTrees,
  makeCheapRepository,
  makeHostileTree,
  runOk,
  skipBecause,
  startDocker,
  whyNoDocker,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { test as base } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD } from './hikae.ts'

const test = base
  .extend('docker', { scope: 'file' }, async ({}, { onCleanup }) => {
    const docker = await startDocker()
    onCleanup(() => docker[Symbol.asyncDispose]())
    return docker
  })
  .extend('stack', async ({ dir, docker }) => {
    await makeCheapRepository(dir.join('usb'), PASSWORD)
    const lines = [
      'version: 1',
      'stack: shop',
      'repositories:',
      '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
      'sources:',
      `  uploads: { docker-volumes: { engine: { host: '${docker.host}' }, project: shop, quiesce: stop } }`,
      'jobs:',
      '  nightly: {}',
    ]
    await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
    return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  })

describe.skipIf(skipBecause(await whyNoDocker()))('volumes of a Compose project', () => {
  test('are saved, lost, and come back by the name of the source, with all that they were', async ({
    stack,
    docker,
    dir,
    expect,
  }) => {
    const labels = ['--label', 'com.docker.compose.project=shop', '--label', 'com.docker.compose.volume=uploads']
    const content = join(docker.dataRoot, 'volumes/shop_uploads/_data')
    await docker.docker('volume', 'create', ...labels, 'shop_uploads')
    await makeHostileTree(content, { size: 'small' })
    await mkdir(dir.join('before'))
    await runOk('cp', ['-a', `${content}/.`, dir.join('before')])
    const run = ['run', '--detach', '--init', '--name', 'app', '--volume', 'shop_uploads:/data', BASE_IMAGE]
    await docker.docker(...run, 'sleep', '10000')

    const { stdout } = await stack.ok(['backup'])
    expect(stdout).toMatch(/^ {2}uploads {2}succeeded/m)
    expect(await docker.docker('inspect', '--format', '{{.State.Status}}', 'app')).toBe('running')

    await docker.docker('rm', '--force', 'app')
    await docker.docker('volume', 'rm', 'shop_uploads')
    const refused = await stack.run(['backup'])
    expect(refused.exitCode).toBe(3)

    const plan = await stack.ok(['restore', 'uploads', '--dry-run'])
    expect(plan.stdout).toContain('make the volume shop_uploads, which is not there')
    await stack.ok(['restore', 'uploads', '--yes'])
    const without = (_: string, { type }: { readonly type: string }): boolean => type === 'socket'
    // A FIFO with two names comes back as two.
    expect(await compareTrees(dir.join('before'), content, { without, ignore: ['sameFile'] })).toEqual([])
    const volume = JSON.parse(await docker.docker('volume', 'inspect', 'shop_uploads')) as [{ Labels: object }]
    expect(volume[0].Labels).toMatchObject({
      'com.docker.compose.project': 'shop',
      'com.docker.compose.volume': 'uploads',
    })

    await docker.docker(...run, 'sleep', '10000')
    await docker.docker('exec', 'app', 'sh', '-c', 'rm -r /data/contents; echo new >/data/added')
    const restored = jsonLines((await stack.ok(['restore', 'uploads', '--yes', '--json'])).stdout)
    expect(restored).toMatchObject([{ kept: expect.stringMatching(/^volume shop_uploads\.before-\d{8}-\d{6}$/) }])
    expect(await docker.docker('exec', 'app', 'sh', '-c', 'ls /data/added /data/contents/zeros 2>&1; true')).toMatch(
      /added: No such file or directory\n\/data\/contents\/zeros$/,
    )
    await stack.ok(['restore', 'uploads', '--undo', '--yes'])
    expect(await docker.docker('exec', 'app', 'cat', '/data/added')).toBe('new')
    await stack.ok(['restore', 'uploads', '--finish', '--yes'])
    expect(await docker.docker('volume', 'ls', '--quiet')).toBe('shop_uploads')
  })
})
