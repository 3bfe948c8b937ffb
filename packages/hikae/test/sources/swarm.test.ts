import { BASE_IMAGE, skipBecause, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, vi } from 'vitest'
import type { SwarmConfig } from '../../src/sources/swarm/config.ts'
import { swarmSource } from '../../src/sources/swarm/swarm-source.ts'
import { describeSource, type SourceSubject } from '../support/describe-source.ts'
import { SECRET, SwarmGround } from './swarm-ground.ts'

const skip = skipBecause(await whyNoDocker())
let ground: SwarmGround
let bare: SwarmGround

beforeAll(async () => {
  if (skip) return
  ;[ground, bare] = await Promise.all([SwarmGround.start(), SwarmGround.start()])
  await startSlowService(ground)
}, 60_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
  await bare?.[Symbol.asyncDispose]()
})

const STACK = 'shop'
const SLOW = 'slow'

/** Its `cat` never ends, so that reading its secret lasts. */
async function startSlowService({ docker }: SwarmGround): Promise<void> {
  const label = ['--label', `com.docker.stack.namespace=${SLOW}`]
  await docker.tryDocker(['secret', 'create', ...label, `${SLOW}_key`, '-'], { input: SECRET })
  const cat = '#!/bin/sh\necho >/begun\nexec sleep 1000\n'
  const script = 'mkdir /slow; printf "$CAT" >/slow/cat; chmod +x /slow/cat; exec sleep 1000000'
  const env = ['--env', 'PATH=/slow:/usr/bin', '--env', `CAT=${cat}`]
  const flags = [...label, ...env, '--init', '--endpoint-mode', 'dnsrr', '--secret', `${SLOW}_key`, '--name', SLOW]
  await docker.docker('service', 'create', '--detach', '--no-resolve-image', ...flags, BASE_IMAGE, 'sh', '-c', script)
}

describeSource(
  'swarm',
  async (dir): Promise<SourceSubject<SwarmConfig>> => {
    // What the test before has left different becomes what it was.
    await ground.deploy(dir, STACK)
    const config = ground.config({ stacks: [STACK], secrets: { values: 'from-tasks' } })
    return {
      kind: swarmSource,
      config,
      folder: dir.path,
      content: (to) => ground.content(STACK, to),
      elsewhere: dir.join('elsewhere'),
      async change() {
        const { docker } = ground
        await docker.docker('service', 'rm', `${STACK}_worker`)
        await docker.docker(
          'service',
          'update',
          '--detach',
          '--env-add',
          'WORD=another',
          '--replicas',
          '1',
          `${STACK}_web`,
        )
        await docker.docker('network', 'create', '--driver', 'overlay', `${STACK}_new`)
      },
      empty: bare.config(),
      failing: ground.config({ stacks: [STACK, 'absent'] }),
      lasting: {
        config: ground.config({ stacks: [SLOW], secrets: { values: 'from-tasks' } }),
        async begun() {
          await vi.waitFor(() => ground.fileIn(SLOW, '/begun'), { timeout: 30_000, interval: 50 })
        },
      },
      traces: () => ground.traces(),
      async [Symbol.asyncDispose]() {
        await ground.docker.tryDocker(['network', 'rm', `${STACK}_new`])
      },
    }
  },
  { skip },
)
