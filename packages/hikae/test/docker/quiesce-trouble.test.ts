import { mkdir, rename, writeFile } from 'node:fs/promises'
import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { kill, QuiesceGround, until } from './quiesce-ground.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('containers that are held still, when something goes wrong,', () => {
  let ground: QuiesceGround

  beforeAll(async () => {
    ground = await QuiesceGround.create()
  })
  afterAll(() => ground[Symbol.asyncDispose]())
  beforeEach(() => ground.clear())

  test('that cannot start again are named and tried again, and the others are back', async () => {
    const folder = ground.dir.join('mounted')
    await mkdir(folder)
    await ground.run('one')
    await ground.run('two', '--mount', `type=bind,source=${folder},target=/mounted`)
    await ground.run('three')
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['one', 'two', 'three'], 'stop')
    await rename(folder, `${folder}-away`)
    const { findings } = await hold.release()
    expect(findings).toEqual([
      {
        severity: 'error',
        message: expect.stringContaining('the container two does not go on: cannot start the container two again: '),
        hint: expect.stringContaining('docker start two'),
      },
    ])
    expect(await ground.states('one', 'two', 'three')).toEqual(['running', 'exited', 'running'])
    const again = await ground.settle()
    expect(again.map(({ severity }) => severity)).toEqual(['error'])
    await rename(`${folder}-away`, folder)
    expect((await ground.settle()).map(({ severity }) => severity)).toEqual(['warning'])
    expect(await ground.state('two')).toBe('running')
    expect(await ground.left()).toEqual([])
  })

  test('that end as soon as they are started again are named', async () => {
    const file = ground.dir.join('flag')
    await writeFile(file, '')
    await ground.docker.docker(
      ...['run', '--detach', '--init', '--name', 'app', '--volume', `${ground.dir.path}:/flags`, 'test/base:1'],
      ...['sh', '-c', 'rm /flags/flag && exec sleep 10000'],
    )
    await until(
      async () => (await ground.docker.tryDocker(['exec', 'app', 'test', '-e', '/flags/flag'])).exitCode === 1,
    )
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['app'], 'stop')
    const { findings } = await hold.release()
    expect(findings).toEqual([
      {
        severity: 'error',
        message: 'the container app was started again, and ended at once with exit status 1',
        hint: 'see why with `docker logs app`',
      },
    ])
  })

  test('that two runs have stopped go on when both have let them go', async () => {
    await ground.run('shared')
    await using engine = await ground.open()
    const first = await ground.hold(engine, ['shared'], 'stop', ground.context('first'))
    const second = await ground.hold(engine, ['shared'], 'stop', ground.context('second'))
    expect(second.containers).toEqual(['shared'])
    expect(await first.release()).toMatchObject({ findings: [], leftToAnother: ['shared'] })
    expect(await ground.state('shared')).toBe('exited')
    const third = await ground.hold(engine, ['shared'], 'pause', ground.context('third'))
    expect((await second.release()).findings).toEqual([])
    expect(await ground.state('shared')).toBe('exited')
    expect(await third.release()).toMatchObject({ findings: [], leftToAnother: [] })
    expect(await ground.state('shared')).toBe('running')
    expect(ground.logged).toEqual([
      'stopping the container shared',
      'the container shared is held by another run too',
      'the container shared stays as it is: another run holds it too',
      'the container shared is held by another run too',
      'the container shared stays as it is: another run holds it too',
      expect.stringMatching(/^the container shared was stopped for /),
    ])
    for (const source of ['first', 'second', 'third']) expect(await ground.left(source)).toEqual([])
  })

  test('that two runs at once want to stop are stopped once, and go on when both are through', async () => {
    await ground.run('shared')
    await using engine = await ground.open()
    const holds = await Promise.all(
      ['one', 'two', 'three'].map((name) => ground.hold(engine, ['shared'], 'stop', ground.context(name))),
    )
    expect(ground.logged.filter((line) => line.startsWith('stopping'))).toHaveLength(1)
    const released = await Promise.all(holds.map((hold) => hold.release()))
    expect(released.flatMap(({ findings }) => findings)).toEqual([])
    expect(await ground.state('shared')).toBe('running')
    expect(ground.logged.filter((line) => line.includes('was stopped for'))).toHaveLength(1)
  })

  test('in a way that does not suffice for another run are waited for', async () => {
    await ground.run('shared')
    await using engine = await ground.open()
    const paused = await ground.hold(engine, ['shared'], 'pause', ground.context('first'))
    let isHeld = false
    const waiting = ground.hold(engine, ['shared'], 'stop', ground.context('second')).then((hold) => {
      isHeld = true
      return hold
    })
    const waits = 'waiting for the container shared, which another run of Hikae holds in another way'
    await until(async () => ground.logged.includes(waits))
    expect(isHeld).toBe(false)
    expect((await paused.release()).findings).toEqual([])
    await using stopped = await waiting
    expect(stopped.containers).toEqual(['shared'])
    expect(await ground.state('shared')).toBe('exited')
  })

  test('are not waited for any longer when the work is stopped', async () => {
    await ground.run('shared')
    await using elsewhere = await ground.holdElsewhere('pause', 'shared')
    const stop = new AbortController()
    await using engine = await ground.open(stop.signal)
    const outcome = ground
      .hold(engine, ['shared'], 'stop', ground.context('second', stop.signal))
      .catch((error: unknown) => error)
    await until(async () => ground.logged.some((line) => line.startsWith('waiting for')))
    const reason = new Error('stopped by this test')
    stop.abort(reason)
    expect(await outcome).toBe(reason)
    expect(await ground.state('shared')).toBe('paused')
    await kill(elsewhere)
    await ground.settle()
    expect(await ground.state('shared')).toBe('running')
    expect(await ground.left('second')).toEqual([])
  })

  test('are told of when something happens to them while they are held', async () => {
    for (const name of ['ended', 'removed', 'started', 'thawed']) await ground.run(name)
    await using engine = await ground.open()
    await using paused = await ground.hold(engine, ['ended', 'thawed'], 'pause')
    await using stopped = await ground.hold(engine, ['removed', 'started'], 'stop')
    await ground.docker.docker('kill', 'ended')
    await ground.docker.docker('unpause', 'thawed')
    await ground.docker.docker('rm', 'removed')
    await ground.docker.docker('start', 'started')
    const findings = [...(await paused.release()).findings, ...(await stopped.release()).findings]
    const meanwhile = 'what was read meanwhile may not be of one moment'
    expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      `error: the container thawed was unpaused by something else while it was paused: ${meanwhile}`,
      `error: the container ended ended and was left so while it was paused: ${meanwhile}`,
      `error: the container started was started by something else while it was stopped: ${meanwhile}`,
      `error: the container removed was removed while it was stopped: ${meanwhile}`,
    ])
    expect(await ground.states('ended', 'started', 'thawed')).toEqual(['exited', 'running', 'running'])
    expect(await ground.left()).toEqual([])
  })

  test('that somebody has started and stopped meanwhile are left so', async () => {
    await ground.run('app')
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['app'], 'stop')
    await ground.docker.docker('start', 'app')
    await ground.docker.docker('stop', 'app')
    expect((await hold.release()).findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: the container app was started by something else, ended again and was left so while it was stopped: what was read meanwhile may not be of one moment',
    ])
    expect(await ground.state('app')).toBe('exited')
    expect(await ground.left()).toEqual([])
  })

  test('that end and are started again all the time go on so', async () => {
    const restless = ['--restart', 'always', 'test/base:1', 'sh', '-c', 'exit 1']
    await ground.docker.docker('run', '--detach', '--name', 'restless', ...restless)
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['restless'], 'stop')
    expect(await ground.state('restless')).toBe('exited')
    const disturbed = (await hold.release()).findings.filter(({ message }) => message.includes('something else'))
    expect(disturbed).toEqual([])
    expect(['running', 'restarting']).toContain(await ground.state('restless'))
  })

  test('go on when the engine was killed and is back, also later than they were to go on', async () => {
    await ground.run('app')
    await ground.run('always', '--restart', 'always')
    await using engine = await ground.open()
    const hold = await ground.hold(engine, ['app', 'always'], 'stop')
    await ground.docker.kill()
    const releasing = hold.release()
    await ground.docker.start()
    const { findings } = await releasing
    // Docker itself starts what is always to run; whether before it was read to the end, nobody knows.
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('the container always was started by something else while it was stopped'),
    ])
    expect(await ground.states('app', 'always')).toEqual(['running', 'running'])
    expect(await ground.left()).toEqual([])
  })
})
