import { BASE_IMAGE, makeTempDir, skipBecause, startDocker, type TestDocker, whyNoDocker } from '@hikae/testkit'
import { afterAll, beforeAll, describe, test as base } from 'vitest'
import { SOURCE_KINDS } from '../../src/sources/kinds.ts'
import { JobGround } from '../support/job-ground.ts'

const skip = skipBecause(await whyNoDocker())

let docker: TestDocker
beforeAll(async () => {
  if (skip) return
  docker = await startDocker()
  await docker.docker('swarm', 'init', '--advertise-addr', '127.0.0.1')
  await docker.docker('network', 'create', '--driver=overlay', '--label=com.docker.stack.namespace=there', 'there_net')
  const script = 'mkdir /app; echo x > /app/file; exec sleep 10000'
  await docker.docker('run', '--detach', '--init', '--name', 'app', BASE_IMAGE, 'sh', '-ec', script)
}, 60_000)
afterAll(async () => await docker?.[Symbol.asyncDispose](), 60_000)

const test = base.extend(
  'backUp',
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    const ground = new JobGround(dir)
    await ground.addRepository('local')
    return async (name: string, given: object) => {
      const kind = SOURCE_KINDS.find((each) => each.name === name)!
      const config = kind.config.parse({ engine: { host: docker.host }, ...given })
      const expectations = { mostShrinkage: 1, mayBeEmpty: false }
      const job = ground.job({}, { sources: [{ name: 'tried', kind, config, expectations }] })
      const { outcome, sources } = await ground.run(job)
      const [source] = sources
      return { outcome, snapshots: Object.keys(source!.snapshots), findings: source!.findings }
    }
  },
)

describe.skipIf(skip)('what of a source is not there leaves the others to be saved', () => {
  for (const [kind, all, absent, message] of [
    ['container-files', { container: 'app', paths: ['/app', '/absent'] }, { paths: ['/absent'] }, 'no /absent'],
    ['docker-images', { references: [BASE_IMAGE, 'absent:1'] }, { references: ['absent:1'] }, 'absent:1'],
    ['swarm', { stacks: ['there', 'absent'] }, { stacks: ['absent'] }, 'no stack absent'],
  ] as const) {
    test(`with ${kind}`, async ({ backUp, expect }) => {
      const findings = [{ severity: 'error', message: expect.stringContaining(message) }]
      expect(await backUp(kind, all)).toMatchObject({ outcome: 'incomplete', snapshots: ['local'], findings })
      expect(await backUp(kind, { ...all, ...absent })).toMatchObject({ outcome: 'failed', snapshots: [] })
    })
  }

  test('a symlink and a folder in memory among them', async ({ backUp, expect }) => {
    await docker.docker(
      'run',
      '--detach',
      '--init',
      '--name',
      'memory',
      '--tmpfs=/memory',
      BASE_IMAGE,
      'sleep',
      '10000',
    )
    await docker.docker('exec', 'memory', 'sh', '-ec', 'mkdir /app /real; echo x > /app/file; ln -s /real /link')
    const config = { container: 'memory', paths: ['/app', '/link', '/memory'] }
    expect(await backUp('container-files', config)).toMatchObject({
      outcome: 'incomplete',
      snapshots: ['local'],
      findings: [
        { message: expect.stringContaining('tmpfs') },
        { message: expect.stringContaining('symlink to /real') },
      ],
    })
  })
})
