import { readFile } from 'node:fs/promises'
import { BASE_IMAGE, compose, skipBecause, startDocker, whyNoCompose, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base } from './fixtures.ts'
import { Hikae } from './hikae.ts'

const test = base.extend('docker', { scope: 'file' }, async ({}, { onCleanup }) => {
  const docker = await startDocker()
  onCleanup(() => docker[Symbol.asyncDispose]())
  return docker
})

const COMPOSE = `
name: shop
services:
  db:
    image: ${BASE_IMAGE}
    init: true
    command: [sh, -c, 'test -e /rows/file || echo 42 >/rows/file; sleep 10000']
    stop_grace_period: 1s
    volumes: [rows:/rows]
    labels:
      hikae.source.rows.kind: docker-volumes
      hikae.source.rows.quiesce: stop
volumes: { rows: }
`

describe.skipIf(skipBecause((await whyNoDocker()) ?? (await whyNoCompose())))('a Compose file with labels', () => {
  test('sets up its backup: found by init, saved, lost with the project, and back', async ({ dir, docker, expect }) => {
    await makeFiles(dir.join('shop'), { 'compose.yaml': COMPOSE })
    const env = { DOCKER_HOST: docker.host, XDG_STATE_HOME: dir.join('state'), XDG_CONFIG_HOME: dir.join('config') }
    const hikae = new Hikae({ cwd: dir.join('shop'), env: { ...env, HIKAE_PASSWORD: undefined } })
    await compose(docker, dir.join('shop'), 'up', '--detach')

    await hikae.ok(['init', '--yes', '--to', dir.join('usb')])
    const stack = await readFile(dir.join('shop/hikae.yaml'), 'utf8')
    expect(stack).toContain(`discover: { engine: { host: ${docker.host} } }`)
    expect(stack).toContain('# Now: rows (docker-volumes of shop-db-1)')
    // What the label saves is not saved a second time.
    expect(stack).toMatch(/^ {6}excludeVolumes: \[ ?shop_rows ?\]$/m)
    expect((await hikae.ok(['config', 'check'])).stdout).toContain('is fine')

    const { stdout } = await hikae.ok(['backup'])
    expect(stdout).toMatch(/^ {2}rows +succeeded/m)
    expect((await hikae.ok(['history', '--source', 'rows'])).stdout).toContain('succeeded')
    expect(await docker.docker('inspect', '--format', '{{.State.Status}}', 'shop-db-1')).toBe('running')

    await compose(docker, dir.join('shop'), 'down', '--volumes')
    const status = await hikae.run(['status'])
    expect(status.exitCode).toBe(3)
    expect(status.stdout).toContain('make the container shop-db-1 again with its labels')
    await hikae.ok(['restore', 'rows', '--yes'])
    await compose(docker, dir.join('shop'), 'up', '--detach')
    expect(await docker.docker('exec', 'shop-db-1', 'cat', '/rows/file')).toBe('42')
    expect(await docker.docker('volume', 'ls', '--quiet')).toBe('shop_rows')
    await compose(docker, dir.join('shop'), 'down', '--volumes')
  })
})
