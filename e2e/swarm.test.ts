import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE_IMAGE, makeCheapRepository, skipBecause, startDocker, type TempDir, whyNoDocker } from '@hikae/testkit'
import { describe, vi } from 'vitest'
import { test as base } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

const SECRET = 'said to nobody'

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
      '  cluster:',
      `    swarm: { engine: { host: '${docker.host}' }, secrets: { values: from-tasks } }`,
      'jobs:',
      '  nightly: {}',
    ]
    await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
    return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  })

describe.skipIf(skipBecause(await whyNoDocker()))('a swarm', () => {
  test('is saved, lost, and there again by the name of its source; an undo takes it away', async ({
    stack,
    docker,
    dir,
    expect,
  }) => {
    const begin = ['swarm', 'init', '--advertise-addr', '127.0.0.1']
    const valueInTask = async (): Promise<string> => {
      const [container = ''] = (await docker.docker('ps', '--quiet', '--filter', 'status=running')).split('\n')
      return await docker.docker('exec', container, 'cat', '/run/secrets/key')
    }
    await docker.docker(...begin)
    await writeFile(dir.join('value'), SECRET)
    await docker.docker('secret', 'create', 'key', dir.join('value'))
    await docker.docker('config', 'create', 'app', dir.join('hikae.yaml'))
    const uses = ['--secret', 'key', '--config', 'app', '--endpoint-mode', 'dnsrr', '--init', '--no-resolve-image']
    await docker.docker('service', 'create', '--detach', '--name', 'web', ...uses, BASE_IMAGE, 'sleep', '1000000')
    await vi.waitFor(valueInTask, { timeout: 30_000, interval: 100 })

    const saved = await stack.ok(['backup'])
    expect(saved.stdout).toMatch(/^ {2}cluster {2}succeeded/m)
    await docker.docker('swarm', 'leave', '--force')
    expect((await stack.run(['restore', 'cluster', '--yes'])).stderr).toContain('docker swarm init')

    await docker.docker(...begin)
    const restored = await stack.ok(['restore', 'cluster', '--yes'])
    expect(restored.stdout).toContain('make the services web')
    expect(await valueInTask()).toBe(SECRET)
    expect(await filesWith(dir, SECRET)).toEqual([dir.join('value')])

    await stack.ok(['restore', 'cluster', '--undo', '--yes'])
    expect(await docker.docker('service', 'ls', '--quiet')).toBe('')
    expect(await docker.docker('secret', 'ls', '--format', '{{.Name}}')).toBe('key')
  })
})

/** Files below a folder that hold some text. */
async function filesWith(dir: TempDir, text: string): Promise<string[]> {
  const entries = await readdir(dir.path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const found: string[] = []
  for (const file of files) if ((await readFile(file)).includes(text)) found.push(file)
  return found
}
