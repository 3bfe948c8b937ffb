import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { settleForgotten } from '../../src/sources/settle-forgotten.ts'
import { kill, QuiesceGround, until } from './quiesce-ground.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('containers that a killed process has left held still', () => {
  let ground: QuiesceGround

  beforeAll(async () => {
    ground = await QuiesceGround.create()
  })
  afterAll(() => ground[Symbol.asyncDispose]())
  beforeEach(() => ground.clear())

  test('are let go on by the next start when their process was killed, and not before', async () => {
    for (const name of ['one', 'two', 'other']) await ground.run(name)
    await ground.docker.docker('stop', 'other')
    await using running = await ground.holdElsewhere('stop', 'one', 'two', 'other')
    expect(await ground.states('one', 'two')).toEqual(['exited', 'exited'])
    expect(await ground.settle()).toEqual([])
    expect(await ground.states('one', 'two')).toEqual(['exited', 'exited'])
    await kill(running)
    expect(await ground.settle()).toEqual(
      ['two', 'one'].map((name) => ({
        severity: 'warning',
        message: expect.stringMatching(
          `^the container ${name}, which a killed run had left stopped since 20.*Z, goes on again$`,
        ),
        hint: expect.any(String),
      })),
    )
    expect(await ground.states('one', 'two', 'other')).toEqual(['running', 'running', 'exited'])
    expect(await ground.left()).toEqual([])
    expect(await ground.settle()).toEqual([])
  })

  test('go on by the next start when they were paused, or removed, or started by somebody', async () => {
    for (const name of ['frozen', 'removed', 'started']) await ground.run(name)
    await using pausing = await ground.holdElsewhere('pause', 'frozen')
    await using stopping = await ground.holdElsewhere('stop', 'removed', 'started')
    await kill(pausing)
    await kill(stopping)
    await ground.docker.docker('rm', 'removed')
    await ground.docker.docker('start', 'started')
    expect((await ground.settle()).map(({ message }) => message)).toEqual([
      expect.stringMatching('^the container frozen, which a killed run had left paused .*, goes on again$'),
    ])
    expect(await ground.states('frozen', 'started')).toEqual(['running', 'running'])
    expect(ground.logged.map((line) => line.replace(/since \S+,/, 'since,')).toSorted()).toEqual([
      'the container removed, which a killed run had left stopped since, was removed',
      'the container started, which a killed run had left stopped since, was started by something else',
    ])
    expect(await ground.left()).toEqual([])
  })

  test('are left as they are when somebody has started and stopped them since, also by the next run', async () => {
    await ground.run('app')
    await using running = await ground.holdElsewhere('stop', 'app')
    await kill(running)
    await ground.docker.docker('start', 'app')
    await ground.docker.docker('stop', 'app')
    await using engine = await ground.open()
    const next = await ground.hold(engine, ['app'], 'stop', ground.context('next'))
    expect(next.containers).toEqual([])
    await next.release()
    expect(await ground.settle()).toEqual([
      {
        severity: 'warning',
        message: expect.stringMatching(/since \S+, was started by something else, ended again and was left so$/),
        hint: 'if it is to run: `docker start app`',
      },
    ])
    expect(await ground.state('app')).toBe('exited')
    expect(await ground.left()).toEqual([])
  })

  test('go on when nobody names their source any more, on the engine that they are of', async () => {
    await ground.run('app')
    await using running = await ground.holdElsewhere('stop', 'app')
    await kill(running)
    const context = ground.context('tried')
    // Whatever this machine means by Docker now.
    const env = { ...context.env, DOCKER_HOST: 'unix:///absent/docker.sock' }
    expect(await settleForgotten({ ...context, env })).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/^the container app, .*, goes on again$/) },
    ])
    expect(await ground.state('app')).toBe('running')
    expect(await ground.left()).toEqual([])
    expect(await settleForgotten({ ...context, env })).toEqual([])
  })

  test('are taken over by a run that holds them after that, and left to it', async () => {
    await ground.run('app')
    await using running = await ground.holdElsewhere('stop', 'app')
    await using engine = await ground.open()
    const joined = await ground.hold(engine, ['app'], 'stop', ground.context('joined'))
    await kill(running)
    const late = await ground.hold(engine, ['app'], 'stop', ground.context('late'))
    expect(await ground.settle()).toEqual([])
    await joined.release()
    expect(await ground.state('app')).toBe('exited')
    await late.release()
    expect(await ground.state('app')).toBe('running')
    await using another = await ground.holdElsewhere('stop', 'app')
    await kill(another)
    await using after = await ground.hold(engine, ['app'], 'stop', ground.context('after'))
    expect(after.containers).toEqual(['app'])
    await after.release()
    expect(await ground.state('app')).toBe('running')
    expect(await ground.settle()).toEqual([])
    expect(await ground.left()).toEqual([])
  })

  test('wait for a stop that was asked for and goes on without the process that asked', async () => {
    const deaf = ['--stop-timeout', '3', 'test/base:1', 'sleep', '10000']
    await ground.docker.docker('run', '--detach', '--name', 'deaf', ...deaf)
    await using running = await ground.startHolding('stop', 'deaf')
    // The engine has been asked when its log says so; it goes on with it.
    const asked = ['events', '--since', '1h', '--until', '0s', '--filter', 'event=kill', '--filter', 'container=deaf']
    await until(async () => (await ground.docker.docker(...asked)) !== '')
    await kill(running)
    // One that did not wait would find it running, and think that nothing was to be done.
    expect((await ground.settle()).map(({ message }) => message)).toEqual([expect.stringContaining('goes on again')])
    expect(await ground.state('deaf')).toBe('running')
  })

  test('stay written down when the engine is away at the next start', async () => {
    await ground.run('app')
    await using running = await ground.holdElsewhere('stop', 'app')
    await kill(running)
    await ground.docker.kill()
    try {
      expect(await ground.settle()).toEqual([
        {
          severity: 'error',
          message: expect.stringMatching(/^the container app, .* at unix:.*, does not go on: cannot reach Docker: /),
          hint: expect.stringMatching(/Hikae tries again at its next start\..* remove .*held-[0-9a-f]+\.json$/),
        },
      ])
    } finally {
      await ground.docker.start()
    }
    expect(await ground.settle()).toHaveLength(1)
    expect(await ground.state('app')).toBe('running')
  })

  test('are asked about when what was written down makes no sense', async () => {
    const folder = await ground.context('tried').stateFolder()
    const path = join(folder, 'held-0123456789abcdef.json')
    await writeFile(path, '{"version":1,')
    expect(await ground.settle()).toEqual([
      { severity: 'error', message: expect.stringContaining(path), hint: expect.stringContaining('docker ps --all') },
    ])
  })
})
