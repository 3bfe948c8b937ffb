import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BASE_IMAGE, makeCheapRepository, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, test as base } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD } from './hikae.ts'

interface Planned {
  readonly volume: string
  readonly verdict: string
  readonly reason?: string
  readonly message?: string
  readonly restore?: string
}

/** Names begin with the test's own letter. */
class Ground {
  readonly docker: TestDocker
  readonly hikae: Hikae
  readonly #folder: string

  constructor(docker: TestDocker, folder: string) {
    this.docker = docker
    this.#folder = folder
    const env = { XDG_STATE_HOME: join(folder, 'state'), DOCKER_HOST: docker.host }
    this.hikae = new Hikae({ cwd: folder, repository: undefined as never, env })
  }

  async stack(sources: string, ...more: string[]): Promise<void> {
    const lines = [
      ...['version: 1', 'stack: shop', 'repositories:', '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }'],
      ...[`sources: ${sources}`, 'jobs:', '  nightly: { keep: { last: 1 } }', ...more],
    ]
    await writeFile(join(this.#folder, 'hikae.yaml'), `${lines.join('\n')}\n`)
  }

  async volume(name: string, files: Readonly<Record<string, string>>, ...flags: string[]): Promise<void> {
    await this.docker.docker('volume', 'create', ...flags, name)
    await makeFiles(this.at(name), files)
  }

  at(name: string): string {
    return join(this.docker.dataRoot, 'volumes', name, '_data')
  }

  async volumes(beginning: string): Promise<string[]> {
    const names = (await this.docker.docker('volume', 'ls', '--quiet')).split('\n')
    return names.filter((name) => name.startsWith(beginning)).toSorted()
  }

  async plan(args: readonly string[], exitCode = 0): Promise<Record<string, Planned>> {
    const result = await this.hikae.run(['docker', 'prune-volumes', '--dry-run', '--json', ...args])
    if (result.exitCode !== exitCode) throw new Error(`exit code ${result.exitCode}\n${result.stdout}${result.stderr}`)
    const plan = jsonLines(result.stdout).find(({ message_type }) => message_type === 'plan')
    return Object.fromEntries((plan!['volumes'] as Planned[]).map((planned) => [planned.volume, planned]))
  }
}

const test = base
  .extend('engine', { scope: 'file' }, async ({}, { onCleanup }) => {
    const docker = await startDocker()
    onCleanup(() => docker[Symbol.asyncDispose]())
    return docker
  })
  .extend('ground', async ({ dir, engine }) => {
    await makeCheapRepository(dir.join('usb'), PASSWORD)
    return new Ground(engine, dir.path)
  })

describe.skipIf(skipBecause(await whyNoDocker()))('the space of a Docker Engine', () => {
  test('is told without a stack file, and nothing of backups', async ({ ground, dir, expect }) => {
    await ground.volume('a-data', { file: 'x'.repeat(5000) })
    const used = ['create', '--name', 'a-app', '--volume', 'a-data:/data', BASE_IMAGE, 'true']
    await ground.docker.docker(...used)
    await ground.volume('a-loose', {}, '--label', 'com.docker.compose.project=a-shop')
    const text = (await ground.hikae.ok(['docker', 'usage'])).stdout
    expect(text).toMatch(/^There is no stack file: nothing is known of backups\.$/m)
    expect(text).toMatch(/^images +1 +1 +[\d.]+ MiB +0 B$/m)
    expect(text).toMatch(/^build cache +\d+ +0 /m)
    expect(text).toMatch(/^a-data +4\.9 KiB +a-app$/m)
    expect(text).toMatch(/^a-loose +0 B +nobody +a-shop$/m)
    expect(text).not.toContain('Saved by')
    expect(text).toContain('hikae docker prune-volumes --dry-run')
    const elsewhere = ground.hikae.with({ cwd: dir.path, env: { DOCKER_HOST: 'unix:///nowhere' } })
    const document = await elsewhere.document<{ space: object; volumes: object[] }>([
      ...['docker', 'usage', '--engine', ground.docker.host],
    ])
    expect(document.space).toMatchObject({ images: { count: 1, in_use: 1 } })
    expect(document.volumes).toContainEqual(
      expect.objectContaining({ name: 'a-data', bytes: 5000, dangling: false, users: ['a-app'], project: null }),
    )

    const away = await elsewhere.run(['docker', 'usage'])
    expect(away).toMatchObject({ exitCode: 1, stdout: '' })
    expect(away.stderr).toContain('no Docker Engine answers at unix:///nowhere')
    const wrong = await ground.hikae.run(['docker', 'usage', '--engine', 'somewhere'])
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain('write unix:///var/run/docker.sock')
    const blind = await ground.hikae.run(['docker', 'prune-volumes', '--yes'])
    expect(blind.exitCode).toBe(2)
    expect(await ground.volumes('a-')).toEqual(['a-data', 'a-loose'])
  })

  test('is told with the backup of each volume, how old it is, and whether it was checked since', async ({
    ground,
    dir,
    expect,
  }) => {
    await ground.volume('b-data', { file: 'x' })
    await ground.volume('b-loose', {})
    await ground.stack('{ data: { docker-volumes: { names: [b-data] } } }')
    await ground.hikae.ok(['backup'])
    expect((await ground.hikae.ok(['docker', 'usage'])).stdout).toMatch(
      /^b-data +1 B +nobody +data +[0-9a-f]{8}, \d+ s ago +usb +not since$/m,
    )
    await ground.hikae.ok(['check', '--read-data'])
    const text = (await ground.hikae.ok(['docker', 'usage'])).stdout
    expect(text).toMatch(/^b-data .* usb +all data, \d+ s ago$/m)
    expect(text).toMatch(/^b-loose +0 B +nobody +nobody$/m)

    await ground.stack("{ far: { docker-volumes: { names: [b-data], engine: { host: 'unix:///nowhere' } } } }")
    const partly = await ground.hikae.run(['docker', 'usage'])
    expect(partly.exitCode).toBe(3)
    expect(partly.stderr).toContain('whether far is on this engine is not known')
    await rename(dir.join('usb'), dir.join('gone'))
    expect((await ground.hikae.run(['docker', 'usage'])).exitCode).toBe(3)
  })

  test('is freed of volumes that nobody uses and a snapshot has as they are, and of no other', async ({
    ground,
    expect,
  }) => {
    const { docker, hikae } = ground
    await ground.volume('c-old', { 'photos/1.jpg': 'jpeg', empty: '' }, '--label', 'purpose=photos')
    await ground.volume('c-changed', { file: 'before' })
    await ground.volume('c-used', { file: 'x' })
    await docker.docker('create', '--name', 'c-app', '--volume', 'c-used:/data', BASE_IMAGE, 'true')
    await ground.volume('c-down', { file: 'x' }, '--label', 'com.docker.compose.project=c-shop')
    await ground.volume('c-secret', { file: 'x' }, '--label', 'hikae.exclude=true')
    await ground.stack("{ media: { docker-volumes: { names: ['c-*'] } } }")
    await hikae.ok(['backup'])
    await writeFile(join(ground.at('c-changed'), 'file'), 'after')
    await ground.volume('c-unsaved', { file: 'x' })
    const anonymous = await docker.docker('volume', 'create')

    const plan = await ground.plan([])
    expect(plan).toMatchObject({
      'c-old': { verdict: 'goes', bytes: 4, source: 'media', repository: 'usb' },
      'c-changed': {
        reason: 'changed',
        message: expect.stringMatching(/saved \d+ s ago: file has 5 bytes now, and had 6$/),
      },
      'c-down': { reason: 'project' },
      'c-secret': { reason: 'excluded' },
      'c-unsaved': { reason: 'no-snapshot' },
      [anonymous]: { reason: 'no-snapshot', message: 'has no name, and is in no snapshot' },
    })
    expect(plan).not.toHaveProperty('c-used')
    expect(await ground.plan(['c-old', '--older-than', '1h'])).toMatchObject({ 'c-old': { reason: 'too-young' } })
    const before = await ground.volumes('c-')
    const unasked = await hikae.run(['docker', 'prune-volumes'])
    expect(unasked.exitCode).toBe(2)
    expect(unasked.stderr).toContain('add --yes')
    expect(await ground.volumes('c-')).toEqual(before)

    const { stdout } = await hikae.ok(['docker', 'prune-volumes', '--yes'])
    expect(await ground.volumes('c-')).toEqual(before.filter((name) => name !== 'c-old'))
    expect(stdout).toMatch(/^ {2}remove {2}c-old: 4 B, as media has saved it .* was read back and compared$/m)
    expect(stdout).toMatch(/^ {2}the job nightly keeps snapshots of media so long: the last 1\./m)
    const [, keep] = /^ {4}hikae (tag .*)$/m.exec(stdout) ?? []
    await hikae.ok(keep!.split(' '))
    await hikae.ok(['backup'])
    const [, back] = /^ {2}back with: hikae (.*)$/m.exec(stdout) ?? []
    await hikae.ok(back!.split(' '))
    expect(await readFile(join(ground.at('c-old'), 'photos/1.jpg'), 'utf8')).toBe('jpeg')
    expect(await docker.docker('volume', 'inspect', '--format', '{{.Labels.purpose}}', 'c-old')).toBe('photos')

    const named = await hikae.run(['docker', 'prune-volumes', 'c-down', 'c-used', '--yes'])
    expect(named.exitCode).toBe(3)
    expect(named.stdout).toMatch(/^ {2}keep {4}c-used: it is used by c-app$/m)
    expect(named.stdout).toMatch(/^removed c-down, 1 B$/m)
    expect((await hikae.run(['docker', 'prune-volumes', 'c-used', '--yes'])).exitCode).toBe(1)
    const unknown = await hikae.run(['docker', 'prune-volumes', 'c-uesd'])
    expect(unknown.exitCode).toBe(2)
    expect(unknown.stderr).toContain('do you mean c-used?')
  })

  test('is not freed of what a restore keeps, nor of what cannot be read back', async ({ ground, dir, expect }) => {
    const { docker, hikae } = ground
    await ground.volume('d-data', { file: 'x'.repeat(1000) })
    await ground.stack('{ data: { docker-volumes: { names: [d-data] } } }')
    await hikae.ok(['backup'])
    await hikae.ok(['restore', 'data', '--yes'])
    const kept = (await ground.volumes('d-data.before'))[0]!
    const plan = await ground.plan(['d-*'])
    expect(plan).toMatchObject({ 'd-data': { verdict: 'goes' }, [kept]: { reason: 'kept-by-restore' } })

    await rename(dir.join('usb'), dir.join('usb-away'))
    const away = await hikae.run(['docker', 'prune-volumes', 'd-data', '--yes'])
    expect(away.exitCode).toBe(1)
    expect(away.stdout).toMatch(
      /keep {4}d-data: it is in no snapshot of those repositories and sources that can be asked/,
    )
    await rename(dir.join('usb-away'), dir.join('usb'))

    const repository = new Hikae({ repository: dir.join('usb') })
    for (const pack of await filesOf(repository, 'data')) {
      const path = dir.join(`usb/data/${pack.slice(0, 2)}/${pack}`)
      const bytes = await readFile(path)
      bytes[40] = bytes[40]! ^ 1
      await writeFile(path, bytes, { flag: 'w' })
    }
    const damaged = await hikae.run(['docker', 'prune-volumes', '--yes'])
    expect(damaged.exitCode).toBe(3)
    expect(damaged.stdout).toMatch(/keep {4}d-data: it has a snapshot that cannot be read back/)
    expect(await ground.volumes('d-data')).toEqual(['d-data', kept])
    expect(await docker.docker('ps', '--all', '--quiet', '--filter', 'label=hikae.helper')).toBe('')
  })

  test('is freed of a volume of a Compose project, which comes back by itself for Compose', async ({
    ground,
    dir,
    expect,
  }) => {
    const { docker, hikae } = ground
    const compose = 'services: { web: { image: test/base:1, volumes: [data:/data] } }\nvolumes: { data: {} }\n'
    await makeFiles(dir.join('e-shop'), { 'compose.yaml': compose })
    const labels = ['com.docker.compose.project=e-shop', 'com.docker.compose.volume=data']
    await ground.volume('e-shop_data', { rows: '1' }, ...labels.flatMap((label) => ['--label', label]))
    await ground.stack('{ shop: { compose: { file: e-shop, images: false } } }')
    await hikae.ok(['backup'])
    const { stdout } = await hikae.ok(['docker', 'prune-volumes', 'e-shop_data', '--yes'])
    expect(await ground.volumes('e-')).toEqual([])
    const [, back] = /^ {2}back with: hikae (.*)$/m.exec(stdout) ?? []
    expect(back).toMatch(/^restore shop --at \S+ --to volumes:e-shop_data=e-shop_data$/)
    await hikae.ok(back!.split(' '))
    expect(await readFile(join(ground.at('e-shop_data'), 'rows'), 'utf8')).toBe('1')
    const made = await docker.docker('volume', 'inspect', '--format', '{{json .Labels}}', 'e-shop_data')
    expect(JSON.parse(made)).toMatchObject({
      'com.docker.compose.project': 'e-shop',
      'com.docker.compose.volume': 'data',
    })
  })

  test('is freed of a volume that a container has brought, when the container is gone', async ({ ground, expect }) => {
    const { docker, hikae } = ground
    const labels = ['--label', 'hikae.source.f-rows.kind=docker-volumes']
    await docker.docker('create', '--name', 'f-db', '--volume', 'f-rows:/rows', ...labels, BASE_IMAGE, 'true')
    await makeFiles(ground.at('f-rows'), { 1: 'row' })
    await ground.stack('{}', 'discover: {}')
    await hikae.ok(['backup'])
    await docker.docker('rm', 'f-db')
    expect(await ground.plan(['f-rows'])).toMatchObject({ 'f-rows': { verdict: 'goes', source: 'f-rows' } })
  })
})
