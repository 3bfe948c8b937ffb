import { stat } from 'node:fs/promises'
import { BASE_IMAGE, skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { QuiesceGround, until } from './quiesce-ground.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('containers that are held still', () => {
  let ground: QuiesceGround

  beforeAll(async () => {
    ground = await QuiesceGround.create()
  })
  afterAll(() => ground[Symbol.asyncDispose]())
  beforeEach(() => ground.clear())

  test('are stopped, and run again afterwards', async () => {
    await ground.run('app', '--restart', 'unless-stopped')
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['app'], 'stop')
    expect(hold.containers).toEqual(['app'])
    expect(await ground.state('app')).toBe('exited')
    const [record] = (await ground.left()).filter((name) => name.endsWith('.json'))
    expect((await stat(ground.dir.join('sources-tried', record!))).mode & 0o777).toBe(0o600)
    const released = await hold.release()
    const downtime = { app: released.seconds }
    expect(released).toEqual({ seconds: expect.any(Number), downtime, leftToAnother: [], findings: [] })
    expect(released.seconds).toBeGreaterThan(0)
    expect(await ground.state('app')).toBe('running')
    expect(await hold.release()).toBe(released)
    expect(await ground.left()).toEqual([])
    expect(ground.logged).toEqual([
      'stopping the container app',
      expect.stringMatching(/^the container app was stopped for \d+\.\d s$/),
    ])
    const policy = await ground.docker.docker('inspect', '--format', '{{.HostConfig.RestartPolicy.Name}}', 'app')
    expect(policy).toBe('unless-stopped')
  })

  test('are paused, and go on without having ended', async () => {
    await ground.run('app')
    const startedAt = await ground.docker.docker('inspect', '--format', '{{.State.StartedAt}}', 'app')
    await using engine = await ground.open()
    {
      await using hold = await ground.hold(engine, ['app'], 'pause')
      expect(hold.containers).toEqual(['app'])
      expect(await ground.state('app')).toBe('paused')
    }
    expect(await ground.state('app')).toBe('running')
    expect(await ground.docker.docker('inspect', '--format', '{{.State.StartedAt}}', 'app')).toBe(startedAt)
    expect(await ground.left()).toEqual([])
  })

  test('run programs before and after, whose output is logged and whose arguments are not', async () => {
    await ground.run('app')
    await using engine = await ground.open()
    const exec = {
      before: ['sh', '-c', 'echo frozen; echo by us >&2; touch /frozen'],
      after: ['rm', '/frozen'],
      timeout: 20_000,
    }
    const hold = await ground.hold(engine, ['app'], { exec })
    await ground.docker.docker('exec', 'app', 'test', '-e', '/frozen')
    expect((await hold.release()).findings).toEqual([])
    expect((await ground.docker.tryDocker(['exec', 'app', 'test', '-e', '/frozen'])).exitCode).toBe(1)
    expect(ground.logged.toSorted()).toEqual([
      'app: by us',
      'app: frozen',
      'quiescing the container app',
      expect.stringMatching(/^the container app was held for \d+\.\d s$/),
    ])
  })

  test('run the program after also when the one before has failed, or takes too long', async () => {
    await ground.run('app')
    await using engine = await ground.open()
    const after = ['sh', '-c', 'echo x >>/after']
    const failing = { before: ['sh', '-c', 'exit 7'], after, timeout: 20_000 }
    await expect(ground.hold(engine, ['app'], { exec: failing })).rejects.toMatchObject({
      code: 'DOCKER',
      message: 'sh in the container app failed with exit status 7',
    })
    const slow = { before: ['sleep', '1000'], after, timeout: 2000 }
    await expect(ground.hold(engine, ['app'], { exec: slow })).rejects.toThrow('took longer than 2 s')
    const absent = { before: ['absent'], after, timeout: 20_000 }
    await expect(ground.hold(engine, ['app'], { exec: absent })).rejects.toThrow('absent')
    expect(await ground.docker.docker('exec', 'app', 'cat', '/after')).toBe('x\nx\nx')
    expect(await ground.left()).toEqual([])
  })

  test('may have their programs in another container, which has to run', async () => {
    await ground.run('app')
    await ground.run('agent')
    await using engine = await ground.open()
    const exec = { container: 'agent', before: ['touch', '/before'], after: ['touch', '/after'], timeout: 20_000 }
    await (await ground.hold(engine, ['app'], { exec })).release()
    await ground.docker.docker('exec', 'agent', 'test', '-e', '/before')
    await ground.docker.docker('exec', 'agent', 'test', '-e', '/after')
    await ground.docker.docker('stop', 'agent')
    await expect(ground.hold(engine, ['app'], { exec })).rejects.toThrow(
      'the container agent before the backup: it does not run',
    )
    await expect(ground.hold(engine, ['app'], { exec: { ...exec, container: 'agnet' } })).rejects.toMatchObject({
      message: expect.stringContaining('there is no container agnet'),
      hint: expect.stringContaining('agent'),
    })
  })

  test('are only those that run: what had ended, was paused or never began stays as it is', async () => {
    await ground.run('app')
    await ground.run('ended')
    await ground.run('frozen')
    await ground.docker.docker('create', '--name', 'new', BASE_IMAGE, 'sleep', '10000')
    await ground.docker.docker('stop', 'ended')
    await ground.docker.docker('pause', 'frozen')
    await using engine = await ground.open()
    for (const how of ['stop', 'pause'] as const) {
      const hold = await ground.hold(engine, ['ended', 'frozen', 'new', 'app'], how)
      expect(hold.containers).toEqual(['app'])
      expect((await hold.release()).findings).toEqual([])
      const states = await Promise.all(['app', 'ended', 'frozen', 'new'].map((name) => ground.state(name)))
      expect(states).toEqual(['running', 'exited', 'paused', 'created'])
    }
    const nothing = await ground.hold(engine, ['app'], 'none')
    expect(nothing.containers).toEqual([])
    expect(await nothing.release()).toEqual({ seconds: 0, downtime: {}, leftToAnother: [], findings: [] })
  })

  test('are stopped before what they need, and started after it', async () => {
    const label = (service: string, needs = ''): string[] => [
      ...['--label', 'com.docker.compose.project=shop', '--label', `com.docker.compose.service=${service}`],
      ...['--label', `com.docker.compose.depends_on=${needs}`],
    ]
    await ground.run('shop-db', ...label('db'))
    await ground.run('shop-api', ...label('api', 'db:service_healthy:true'))
    await ground.run('shop-web', ...label('web', 'api:service_started:false,db:service_started:false'))
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['shop-db', 'shop-api', 'shop-web'], 'stop')
    expect(hold.containers).toEqual(['shop-web', 'shop-api', 'shop-db'])
    await hold.release()
    const started = ground.logged.slice(3).map((line) => line.split(' ')[2])
    expect(started).toEqual(['shop-db', 'shop-api', 'shop-web'])
  })

  test('are not tasks of a Swarm service, which would be replaced, unless they are only paused', async () => {
    await ground.run(
      'web.1.abc',
      ...['--label', 'com.docker.swarm.task.id=abc', '--label', 'com.docker.swarm.service.name=web'],
    )
    await using engine = await ground.open()
    await expect(ground.hold(engine, ['web.1.abc'], 'stop')).rejects.toMatchObject({
      message: 'web.1.abc is a task of the Swarm service web: stopped, it would be replaced at once',
      hint: expect.stringContaining('docker service scale web=0'),
    })
    expect(await ground.state('web.1.abc')).toBe('running')
    await using hold = await ground.hold(engine, ['web.1.abc'], 'pause')
    expect(hold.containers).toEqual(['web.1.abc'])
  })

  test('are not such as are removed when they are stopped', async () => {
    await ground.run('first')
    await ground.run('passing', '--rm')
    await using engine = await ground.open()
    await expect(ground.hold(engine, ['first', 'passing'], 'stop')).rejects.toThrow(
      'the container passing was started with --rm: stopped, it would be gone',
    )
    expect(await ground.state('first')).toBe('running')
    expect(await ground.state('passing')).toBe('running')
    expect(ground.logged).toEqual([])
  })

  test('that do not end in their time are killed, which the log says', async () => {
    await ground.docker.docker('run', '-d', '--name', 'deaf', '--stop-timeout', '1', BASE_IMAGE, 'sleep', '10000')
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['deaf'], 'stop')
    expect(ground.logged).toContain('deaf did not end within its 1 s, and was killed')
    expect((await hold.release()).findings).toEqual([])
    expect(await ground.state('deaf')).toBe('running')
  })

  test('go on when the work is stopped while one of them is being stopped', async () => {
    await ground.run('first')
    await ground.docker.docker('run', '-d', '--name', 'deaf', '--stop-timeout', '2', BASE_IMAGE, 'sleep', '10000')
    const stop = new AbortController()
    await using engine = await ground.open(stop.signal)
    const reason = new Error('stopped by this test')
    const holding = ground.hold(engine, ['first', 'deaf'], 'stop', ground.context('tried', stop.signal))
    const outcome = holding.catch((error: unknown) => error)
    await until(async () => ground.logged.includes('stopping the container deaf'))
    stop.abort(reason)
    expect(await outcome).toBe(reason)
    expect(await ground.state('first')).toBe('running')
    expect(await ground.state('deaf')).toBe('running')
    expect(await ground.left()).toEqual([])
  })

  test('go on when the work is stopped while they are held', async () => {
    await ground.run('app')
    const stop = new AbortController()
    await using engine = await ground.open(stop.signal)
    const hold = await ground.hold(engine, ['app'], 'stop', ground.context('tried', stop.signal))
    stop.abort()
    expect((await hold.release()).findings).toEqual([])
    expect(await ground.state('app')).toBe('running')
  })
})
