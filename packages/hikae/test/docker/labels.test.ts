import { readFile, writeFile } from 'node:fs/promises'
import { skipBecause, startDocker, startWebhookServer, whyNoDocker } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { LabelGround, savedBy, toldBy } from './label-ground.ts'

const test = base
  .extend('docker', { scope: 'file' }, async ({}, { onCleanup }) => {
    const docker = await startDocker()
    onCleanup(() => docker[Symbol.asyncDispose]())
    return docker
  })
  .extend('ground', async ({ docker }, { onCleanup }) => {
    const ground = await LabelGround.make(docker)
    onCleanup(() => ground[Symbol.asyncDispose]())
    return ground
  })

const OWN = 'sources: { uploads: { files: { paths: [uploads] } } }'
const volumes = (name: string, more: Readonly<Record<string, string>> = {}) => ({
  [`${name}.kind`]: 'docker-volumes',
  ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`${name}.${key}`, value])),
})

describe.skipIf(skipBecause(await whyNoDocker()))('a source that a container brings', () => {
  test('is saved by the jobs that it belongs to, from the next run on', async ({ ground, expect }) => {
    await ground.write(OWN, 'jobs: { all: {}, hourly: { sources: [] } }', ground.discover())
    await ground.container('db', volumes('rows'))
    const first = await ground.backup()
    expect(first.runs.map(savedBy)).toEqual([['uploads succeeded', 'rows succeeded'], []])
    expect(first.runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed'])
    expect(toldBy(first.runs[1])).toContain('the job hourly has nothing to save')
    await ground.container('web', {
      ...volumes('pages', { job: 'hourly', description: 'of the shop' }),
      'program.kind': 'container-files',
      'program.paths': '/bin/busybox',
    })
    const { exitCode, runs } = await ground.backup()
    expect(runs.map(savedBy)).toEqual([
      ['uploads succeeded', 'program succeeded', 'rows succeeded'],
      ['pages succeeded'],
    ])
    expect(exitCode).toBe(0)
    expect((await ground.hikae(['status'])).exitCode).toBe(0)
    const doctor = await ground.hikae(['doctor'])
    expect(doctor.stdout).toContain('pages (web), program (web), rows (db)')
  })

  test('is all that a stack needs, and a job with nothing to save has failed', async ({ ground, expect }) => {
    await ground.write('jobs: { nightly: {} }', ground.discover())
    const nothing = await ground.backup()
    expect(nothing.exitCode).toBe(1)
    expect(toldBy(nothing.runs[0])).toContain('the job nightly has nothing to save')
    await ground.container('db', volumes('rows'))
    const { exitCode, runs } = await ground.backup()
    expect(exitCode).toBe(0)
    expect(savedBy(runs[0])).toEqual(['rows succeeded'])
  })

  test('makes a run incomplete by name when its labels are wrong, and the rest is saved', async ({
    ground,
    expect,
  }) => {
    await ground.write(
      OWN,
      'jobs: { hourly: { sources: [uploads] }, daily: { sources: [uploads] } }',
      ground.discover(),
    )
    await ground.container('db', volumes('rows', { job: 'hourly', quiesce: 'halt' }))
    await ground.container('web', volumes('pages'))
    await ground.container('cache', volumes('uploads', { job: 'daily' }))
    const { exitCode, runs } = await ground.backup()
    expect(exitCode).toBe(3)
    expect(runs.map(savedBy)).toEqual([['uploads succeeded'], ['uploads succeeded']])
    const [hourly, daily] = runs
    expect(toldBy(hourly)).toContain('the label hikae.source.rows.quiesce of the container db: ')
    expect(toldBy(hourly)).toContain('no job saves the source pages, which the container web brings')
    expect(toldBy(daily)).not.toContain('rows')
    expect(toldBy(daily)).toContain(
      'the container cache brings a source uploads, and the stack file has one of that name',
    )
    const status = await ground.hikae(['status'])
    expect(status.exitCode).toBe(3)
    expect(status.stdout).toContain('discover: { job: … } in hikae.yaml')
  })

  test('that has no volume with a name is told so', async ({ ground, expect }) => {
    await ground.write(OWN, 'jobs: { nightly: {} }', ground.discover())
    await ground.container('db', volumes('rows', { names: 'db_data' }), '--volume', '/cache')
    await ground.container('web', volumes('pages'), '--volume', '/cache')
    const { exitCode, runs, stderr } = await ground.backup()
    expect(exitCode).toBe(0)
    expect(savedBy(runs[0])).toEqual(['uploads succeeded', 'pages succeeded', 'rows succeeded'])
    expect(stderr).toContain('what is at /cache is not saved')
    // Only who did not say which volumes are meant is told.
    expect(toldBy(runs[0])).toMatch(
      /^the label hikae.source.pages of the container web: what is at \/cache is not saved/,
    )
  })

  test('is not known when its engine is away, which makes the run incomplete', async ({ ground, expect }) => {
    const jobs = 'jobs: { nightly: { objectives: { rpo: 1d } } }'
    await ground.write(OWN, jobs, ground.discover())
    await ground.container('db', volumes('rows'))
    await ground.backup()
    await ground.write(OWN, jobs, 'discover: { engine: { host: unix:///absent/docker.sock } }')
    const { exitCode, runs } = await ground.backup()
    expect(exitCode).toBe(3)
    expect(savedBy(runs[0])).toEqual(['uploads succeeded'])
    expect(toldBy(runs[0])).toContain('which sources containers bring is not known: ')
    const status = await ground.hikae(['status'])
    expect(status.exitCode).toBe(3)
    expect(status.stdout).toContain('which sources containers bring is not known: ')
    // What it brought before is not forgotten.
    expect(status.stdout).toMatch(/^rows +fresh/m)
    expect((await ground.hikae(['doctor'])).stdout).toContain('which sources containers bring is not known: ')
  })

  test('comes back by its name when its container is gone, and is missed until that is meant', async ({
    ground,
    expect,
  }) => {
    const rest = [OWN, 'jobs: { nightly: {} }']
    await ground.write(...rest, ground.discover())
    await ground.container('db', volumes('rows', { quiesce: 'stop' }))
    await ground.backup()
    await ground.remove('db')
    const run = await ground.backup()
    expect(run.exitCode).toBe(0)
    const status = await ground.hikae(['status'])
    expect(status.exitCode).toBe(3)
    expect(status.stdout).toMatch(/^rows .* gone$/m)
    expect(status.stdout).toMatch(
      /the container db, which brought the source rows, was last seen .* ago: nothing saves it now/,
    )
    expect(status.stdout).toContain('discover: { gone: [rows] }')
    expect((await ground.hikae(['doctor'])).stdout).toContain('the container db, which brought it, was last seen at')

    // It may be on another engine by now.
    await ground.write(...rest, 'discover: { engine: { host: unix:///absent/docker.sock } }')
    const elsewhere = await ground.hikae(['restore', 'rows', '--yes'])
    expect(elsewhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('unix:///absent/docker.sock') })
    await ground.write(...rest, ground.discover())
    const restored = await ground.hikae(['restore', 'rows', '--yes'])
    expect(restored).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('restored rows') })
    expect(await readFile(ground.file('db_data'), 'utf8')).toBe('content of db')
    await ground.docker.docker('volume', 'rm', 'db_data')

    await ground.write(...rest, ground.discover('gone: [rows]'))
    const meant = await ground.hikae(['status'])
    expect(meant).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('rows') })
    expect((await ground.hikae(['restore', 'rows', '--dry-run'])).exitCode).toBe(0)
    const unknown = await ground.hikae(['restore', 'rowz', '--dry-run'])
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('rowz is no source of a stack file') })
  })

  test('is overdue for alerts when its container is gone, without asking the engine', async ({ ground, expect }) => {
    await using server = await startWebhookServer()
    await ground.write(OWN, 'jobs: { nightly: {} }', ground.discover())
    await ground.container('db', volumes('rows'))
    await ground.backup()
    await ground.remove('db')
    await ground.write(
      OWN,
      'jobs: { nightly: { objectives: { rpo: 1s } } }',
      `alerts: [{ webhook: { url: '${server.url}' }, on: [overdue], sources: [rows] }]`,
      'discover: { engine: { host: unix:///absent/docker.sock } }',
    )
    // A second after the backup, which is past on a slow machine, and yet to come on a fast one.
    const alerted = async (): Promise<string> => {
      await ground.hikae(['status', '--alert'])
      return server.requests.map(({ body }) => body).join('\n')
    }
    await expect.poll(alerted, { timeout: 30_000, interval: 200 }).toContain('rows')
  })

  test('is looked for once with --discover, and not missed afterwards', async ({ ground, expect }) => {
    await ground.write(OWN, 'jobs: { nightly: {} }')
    await ground.container('db', volumes('rows'))
    const plain = await ground.backup()
    expect(savedBy(plain.runs[0])).toEqual(['uploads succeeded'])
    const asked = await ground.backup('--discover', 'nightly')
    expect(savedBy(asked.runs[0])).toEqual(['uploads succeeded', 'rows succeeded'])
    expect((await ground.hikae(['status'])).exitCode).toBe(0)
    const refused = await ground.hikae(['backup', '--discover', ground.dir.path])
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--discover is for jobs') })
  })

  test('joins the runs of a daemon that began while the engine was away', async ({ ground, docker, expect }) => {
    await ground.write(OWN, 'jobs: { nightly: { on: { change: { settle: 1s, atMost: 2s } } } }', ground.discover())
    await ground.container('db', volumes('rows'))
    await docker.kill()
    const stop = new AbortController()
    const said = { incomplete: Promise.withResolvers<void>(), whole: Promise.withResolvers<void>() }
    const daemon = ground.hikae(['daemon'], {
      signal: stop.signal,
      onOutput(stdout) {
        if (stdout.includes('job nightly incomplete')) said.incomplete.resolve()
        if (/ {2}rows +succeeded/.test(stdout)) said.whole.resolve()
      },
    })
    const early = daemon.then(({ stderr }) => Promise.reject(new Error(`the daemon has ended: ${stderr}`)))
    await Promise.race([said.incomplete.promise, early])
    await docker.start()
    await writeFile(ground.dir.join('uploads/photo'), 'another photo')
    await Promise.race([said.whole.promise, early])
    early.catch(() => undefined)
    stop.abort(new Error('stopped by this test'))
    expect((await daemon).exitCode).toBe(0)
  })
})
