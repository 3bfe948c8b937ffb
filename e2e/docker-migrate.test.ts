import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { BASE_IMAGE, makeCheapRepository, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { test as base, until } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD } from './hikae.ts'

/** Stopping it takes so long: meanwhile its migration is killed. */
const STOP_SECONDS = '2'

const test = base
  .extend('engines', { scope: 'file' }, async ({}, { onCleanup }) => {
    const [from, to] = await Promise.all([startDocker(), startDocker({ hasBaseImage: false })])
    onCleanup(async () => void (await Promise.all([from[Symbol.asyncDispose](), to[Symbol.asyncDispose]()])))
    return { from, to }
  })
  .extend('from', ({ engines }) => engines.from)
  .extend('to', ({ engines }) => engines.to)
  .extend('program', async ({ dir }) => {
    await makeCheapRepository(dir.join('usb'), PASSWORD)
    const lines = [
      'version: 1',
      'stack: shop',
      'repositories: { usb: { local: usb, password: { env: HIKAE_PASSWORD } } }',
      'sources: { settings: { files: { paths: [shop] } } }',
      'jobs: { files: { sources: [settings] } }',
    ]
    await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
    return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  })
  .extend('move', ({ dir, from, to }) => [
    ...['migrate', 'shop', '--from', from.host, '--to', to.host, '--folder', dir.join('moved')],
  ])
  .extend('project', async ({ dir, from }) => {
    await mkdir(dir.join('shop'))
    await writeFile(dir.join('shop/compose.yaml'), 'services: {}\n')
    const labels = { project: 'shop', 'project.working_dir': dir.join('shop'), service: 'app' }
    const given = Object.entries(labels).flatMap(([key, value]) => ['--label', `com.docker.compose.${key}=${value}`])
    const flags = ['--detach', '--name', 'shop-app-1', '--stop-timeout', STOP_SECONDS, '--volume', 'shop_data:/data']
    const script = 'while :; do date +%s%N >>/data/rows; sleep 0.02; done'
    await from.docker('run', ...flags, ...given, BASE_IMAGE, 'sh', '-c', script)
    return dir.join('shop')
  })

describe.skipIf(skipBecause(await whyNoDocker()))('a project that is moved to another engine', () => {
  test('is told of, asked for, and moved also after a kill in the middle', async ({
    program,
    project,
    move,
    from,
    to,
    dir,
    expect,
  }) => {
    const before = await traces(to)
    const refused = await program.run(move)
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('nobody can be asked') })
    expect(refused.stdout).toContain(`copy the folder ${project} to ${dir.join('moved')} there`)
    const [plan] = jsonLines((await program.ok(['--json', ...move, '--dry-run'])).stdout)
    expect(plan).toMatchObject({ message_type: 'plan', source: 'runs', obstacles: [] })
    expect(await traces(to)).toEqual(before)

    const killedWhileStopping = async (): Promise<void> => {
      const asked = await stopsAsked(from)
      await using running = await program.start([...move, '--yes'])
      await until(async () => (await stopsAsked(from)) > asked, running)
      running.kill('SIGKILL')
      await running.finished
      expect((await readdir(dir.join('state/hikae/migrations'))).filter((name) => name.endsWith('.json'))).toHaveLength(
        2,
      )
    }
    const goesOn = /the container shop-app-1, which a killed run had left stopped since \S+, goes on again/
    await killedWhileStopping()
    const { stdout: diagnosis } = await program.run(['doctor'])
    expect(diagnosis).toMatch(goesOn)
    expect(diagnosis).toContain('the migration of the project shop to')
    expect(await state(from)).toBe('running')

    await killedWhileStopping()
    const { stdout, stderr } = await program.ok([...move, '--yes', '--stop-source'])
    expect(stderr).toMatch(goesOn)
    expect(stderr).toContain('has left something there, which is removed now')
    expect(stdout).toMatch(/moved the project shop to \S+: 1 container, 1 volume, 1 image; .* all compared/)
    expect(stdout).toMatch(/the source stays stopped; start it again with `docker --host \S+ start shop-app-1`/)
    expect([await state(from), await state(to)]).toEqual(['exited', 'running'])
    const rows = async (docker: TestDocker): Promise<string[]> =>
      (await docker.docker('run', '--rm', '--volume', 'shop_data:/data', BASE_IMAGE, 'cat', '/data/rows')).split('\n')
    const saved = await rows(from)
    expect((await rows(to)).slice(0, saved.length)).toEqual(saved)
    expect(await readdir(dir.join('state/hikae/migrations'))).toEqual([])
  })
})

async function state(docker: TestDocker): Promise<string> {
  return await docker.docker('inspect', '--format', '{{.State.Status}}', 'shop-app-1')
}

async function stopsAsked(docker: TestDocker): Promise<number> {
  const kills = ['--filter', 'event=kill', '--filter', 'container=shop-app-1']
  return (await docker.docker('events', '--since', '1h', '--until', '0s', ...kills)).split('\n').filter(Boolean).length
}

async function traces(docker: TestDocker): Promise<string[]> {
  return await Promise.all(
    [
      ['volume', 'ls'],
      ['ps', '--all'],
      ['network', 'ls'],
      ['image', 'ls', '--all'],
    ].map((args) => docker.docker(...args, '--quiet')),
  )
}
