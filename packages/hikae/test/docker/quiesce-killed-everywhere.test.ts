import { join } from 'node:path'
import { skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { killedEverywhere } from '../sources/killed-everywhere.ts'
import { QuiesceGround } from './quiesce-ground.ts'
import { Holder } from './quiesce-holder.ts'

describe.skipIf(skipBecause(await whyNoDocker()))('a container', () => {
  let ground: QuiesceGround

  beforeAll(async () => {
    ground = await QuiesceGround.create()
  })
  afterAll(() => ground[Symbol.asyncDispose]())

  test('runs again after the next start, wherever a process was killed that wanted it to hold still', async () => {
    await ground.run('app', '--stop-timeout', '1')
    const { host } = ground.docker
    const script = `
      import { mkdir } from 'node:fs/promises'
      import { join } from 'node:path'
      import { Holder } from ${JSON.stringify(join(import.meta.dirname, 'quiesce-holder.ts'))}
      const holder = new Holder({ host: ${JSON.stringify(host)}, folder: process.argv[1] })
      await using engine = await holder.open()
      const hold = await holder.hold(engine, ['app'], 'stop')
      await mkdir(join(process.argv[1], 'read'))
      const { findings } = await hold.release()
      await mkdir(join(process.argv[1], 'released'))
      if (findings.length > 0) throw new Error(JSON.stringify(findings))`
    const found: string[] = []
    for await (const { path: folder } of killedEverywhere(script, async () => undefined)) {
      found.push(await ground.state('app'))
      const next = new Holder({ host, folder })
      expect((await next.settle()).filter(({ severity }) => severity === 'error')).toEqual([])
      expect(await ground.state('app')).toBe('running')
      expect(await next.left()).toEqual([])
    }
    expect(found).toContain('running')
    expect(found).toContain('exited')
  })
})
