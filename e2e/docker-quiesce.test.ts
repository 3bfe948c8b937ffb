import { readdir, readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { BASE_IMAGE, makeCheapRepository, skipBecause, startDocker, type TempDir, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { test as base } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

const test = base
  .extend('docker', { scope: 'file' }, async ({}, { onCleanup }) => {
    const docker = await startDocker()
    onCleanup(() => docker[Symbol.asyncDispose]())
    return docker
  })
  .extend('stack', async ({ dir, docker }) => {
    await makeCheapRepository(dir.join('usb'), PASSWORD)
    await writeFile(dir.join('settings'), 'on')
    const lines = [
      'version: 1',
      'stack: shop',
      'repositories:',
      '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
      'sources:',
      `  uploads: { docker-volumes: { engine: { host: '${docker.host}' }, names: [uploads], quiesce: stop } }`,
      '  settings: { files: { paths: [settings] } }',
      'jobs:',
      '  volumes: { sources: [uploads] }',
      '  files: { sources: [settings] }',
    ]
    await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
    return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  })

/** A container takes so long to stop: in the meantime its backup is killed. */
const STOP_SECONDS = '3'

describe.skipIf(skipBecause(await whyNoDocker()))('a container that a killed backup has stopped', () => {
  test('runs again by the next backup of anything, by hikae doctor, and by a daemon that starts', async ({
    stack,
    docker,
    dir,
    expect,
  }) => {
    const app = ['--name', 'app', '--stop-timeout', STOP_SECONDS, '--volume', 'uploads:/data', BASE_IMAGE]
    await docker.docker('run', '--detach', ...app, 'sleep', '10000')
    const state = (): Promise<string> => docker.docker('inspect', '--format', '{{.State.Status}}', 'app')
    const stopsAsked = async (): Promise<number> => {
      const kills = ['--filter', 'event=kill', '--filter', 'container=app']
      return (await docker.docker('events', '--since', '1h', '--until', '0s', ...kills)).split('\n').filter(Boolean)
        .length
    }
    const killedWhileStopping = async (): Promise<void> => {
      const before = await stopsAsked()
      await using backup = await stack.start(['backup', 'volumes'])
      await until(async () => (await stopsAsked()) > before)
      backup.kill('SIGKILL')
      await backup.finished
      expect(await heldRecords(dir)).toHaveLength(1)
      await until(async () => (await state()) === 'exited')
    }
    const goesOn = /the container app, which a killed run had left stopped since \S+, goes on again/

    await killedWhileStopping()
    await stack.ok(['backup', 'files'])
    expect(await state()).toBe('running')
    expect((await stack.ok(['logs'])).stdout).toMatch(goesOn)

    await killedWhileStopping()
    const { stdout: diagnosis } = await stack.run(['doctor'])
    expect(diagnosis).toMatch(new RegExp(`warning {2}source uploads: ${goesOn.source}`))
    expect(await state()).toBe('running')
    expect((await stack.run(['doctor'])).stdout).not.toMatch(goesOn)

    await killedWhileStopping()
    await using daemon = await stack.start(['daemon'])
    await daemon.printed('goes on again')
    expect(await state()).toBe('running')
    expect(await heldRecords(dir)).toEqual([])
  })

  test('for all sources of a job runs again, too, whatever the stack file says by then', async ({
    stack,
    docker,
    dir,
    expect,
  }) => {
    await docker.docker('run', '--detach', '--init', '--name', 'shop', BASE_IMAGE, 'sleep', '10000')
    const state = (): Promise<string> => docker.docker('inspect', '--format', '{{.State.Status}}', 'shop')
    const before = await readFile(dir.join('hikae.yaml'), 'utf8')
    const job = `  all: { sources: [dump, settings], consistent: together, hold: { stop: [shop], engine: { host: '${docker.host}' } } }`
    const dump = `  dump: { command: { run: [sh, -c, 'touch begun; while ! [ -e go-on ]; do sleep 0.05; done'], name: x } }`
    await writeFile(dir.join('hikae.yaml'), `${before.replace('sources:\n', `sources:\n${dump}\n`)}${job}\n`)
    await using backup = await stack.start(['backup', 'all'])
    await until(async () => (await readdir(dir.path)).includes('begun'))
    expect(await state()).toBe('exited')
    backup.kill('SIGKILL')
    await backup.finished
    await writeFile(dir.join('hikae.yaml'), before)
    await stack.ok(['backup', 'files'])
    expect(await state()).toBe('running')
    expect((await stack.ok(['logs'])).stdout).toMatch(
      /the container shop, which a killed run had left stopped since \S+, goes on again/,
    )
    expect(await heldRecords(dir)).toEqual([])
    const missing = job.replace('[shop]', '[shop, worker]').replace('dump, ', '')
    await writeFile(dir.join('hikae.yaml'), `${before}${missing}\n`)
    const { stdout: diagnosis } = await stack.run(['doctor'])
    expect(diagnosis).toMatch(/^error {4}job all: its sources cannot be held still together: .*worker/m)
  })
})

async function heldRecords(dir: TempDir): Promise<string[]> {
  const names = await readdir(dir.join('state'), { recursive: true }).catch(() => [])
  return names.filter((name) => /held-[0-9a-f]+\.json$/.test(name))
}

/** Waits for something that will be so, for 20 s at most. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never came to be so: ${condition.toString()}`)
    await delay(20)
  }
}
