import { appendFile, chmod, readdir, writeFile } from 'node:fs/promises'
import {
  makeCheapRepository,
  makeSmallDisk,
  randomBytesOf,
  skipBecause,
  startSmtpServer,
  startWebhookServer,
  whyNoSmallDisk,
  type TempDir,
  type WebhookServer,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base, until } from './fixtures.ts'
import { Hikae, jsonLines, type Message, PASSWORD } from './hikae.ts'

const noDisk = skipBecause(await whyNoSmallDisk())

/** What differs from a stack in which all is well. */
interface Spoiled {
  readonly nas?: string
  readonly settings?: string
  readonly job?: string
  readonly alerts?: string
}

/** `stack` saves two sources into two repositories, and tells a webhook of trouble. */
const test = base
  // oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
  .extend('hook', async ({}, { onCleanup }) => {
    const server = await startWebhookServer()
    onCleanup(() => server[Symbol.asyncDispose]())
    return server
  })
  .extend('stack', async ({ dir, hook }) => {
    for (const name of ['usb', 'nas']) await makeCheapRepository(dir.join(name), PASSWORD)
    await makeFiles(dir.path, { 'data.sql': 'insert\n', 'settings/.env': 'A=1\n' })
    await write(dir)
    return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state'), HOOK: `${hook.url}hook` } })
  })

async function write(dir: TempDir, { nas, settings, job, alerts }: Spoiled = {}): Promise<void> {
  const lines = [
    'version: 1',
    'stack: shop',
    'repositories:',
    '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
    `  nas: ${nas ?? '{ local: nas, password: { env: HIKAE_PASSWORD } }'}`,
    'sources:',
    '  dump: { command: { run: [cat, data.sql], name: shop.sql } }',
    `  settings: ${settings ?? '{ files: { paths: [settings] } }'}`,
    'jobs:',
    `  nightly: ${job ?? '{}'}`,
    'alerts:',
    `  - ${alerts ?? 'webhook: { url: { env: HOOK } }'}`,
  ]
  await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
}

interface Told {
  readonly exitCode: number | null
  /** Outcome of each source, and where it is. */
  readonly sources: Readonly<Record<string, string>>
  /** What went wrong. */
  readonly troubles: string
  readonly stderr: string
  readonly alerts: readonly string[]
}

async function backUp(stack: Hikae, hook: WebhookServer): Promise<Told> {
  const { exitCode, stdout, stderr } = await stack.run(['--json', 'backup'])
  const run = jsonLines(stdout).find(({ message_type }) => message_type === 'run')!
  const sources = (run['sources'] as Message[]).map(({ source, outcome, snapshots }) => {
    return [source, `${String(outcome)} in ${Object.keys(snapshots as object).join(', ') || 'nothing'}`] as const
  })
  const troubles = (run['steps'] as { message?: string }[]).map(({ message = '' }) => message).join('\n')
  return {
    exitCode,
    sources: Object.fromEntries(sources),
    troubles,
    stderr,
    alerts: hook.requests.map(({ body }) => body),
  }
}

const EVERYWHERE = 'succeeded in usb, nas'

describe.concurrent('trouble with one repository leaves the other one as good as ever:', () => {
  test('a wrong password', async ({ stack, dir, hook, expect }) => {
    await write(dir, { nas: '{ local: nas, password: { file: wrong } }' })
    await writeFile(dir.join('wrong'), 'not it\n')
    const { exitCode, sources, troubles, alerts } = await backUp(stack, hook)
    expect({ exitCode, sources }).toEqual({
      exitCode: 3,
      sources: { dump: 'incomplete in usb', settings: 'incomplete in usb' },
    })
    expect(troubles).toContain('password')
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toContain('nas')
  })

  test('a disk that is not there', async ({ stack, dir, hook, expect }) => {
    const disk = `{ uuid: 0a3c3c3e-0000-4000-8000-000000000000, mount: ${dir.join('mnt')} }`
    await write(dir, { nas: `{ local: ${dir.join('mnt/nas')}, disk: ${disk}, password: { env: HIKAE_PASSWORD } }` })
    const { exitCode, sources, alerts } = await backUp(stack, hook)
    expect({ exitCode, sources }).toEqual({
      exitCode: 3,
      sources: { dump: 'incomplete in usb', settings: 'incomplete in usb' },
    })
    expect(alerts).toHaveLength(1)
    expect(alerts[0]).toContain('0a3c3c3e')
  })

  test.skipIf(noDisk)('a disk that is full', async ({ stack, dir, hook, expect }) => {
    await using disk = await makeSmallDisk({ sizeBytes: 32 * 1024 * 1024 })
    await makeCheapRepository(`${disk.path}/nas`, PASSWORD)
    await write(dir, { nas: `{ local: ${disk.path}/nas, password: { env: HIKAE_PASSWORD } }` })
    await makeFiles(dir.path, { 'settings/large': randomBytesOf('large', 40_000_000) })
    const { exitCode, sources, troubles, alerts } = await backUp(stack, hook)
    expect(exitCode).toBe(3)
    expect(sources).toEqual({ dump: EVERYWHERE, settings: 'incomplete in usb' })
    expect(troubles).toMatch(/space/)
    expect(alerts).toHaveLength(1)
  })
})

describe.concurrent('trouble with one source leaves the other one as good as ever:', () => {
  test('a file that cannot be read', async ({ stack, dir, hook, expect }) => {
    await makeFiles(dir.path, { 'settings/secret': 'x' })
    await chmod(dir.join('settings/secret'), 0)
    const { exitCode, sources, alerts } = await backUp(stack.with({ obedient: true }), hook)
    expect({ exitCode, sources }).toEqual({
      exitCode: 3,
      sources: { dump: EVERYWHERE, settings: 'incomplete in usb, nas' },
    })
    expect(alerts[0]).toContain('settings/secret')
  })

  test('a path that is not there', async ({ stack, dir, hook, expect }) => {
    await write(dir, { settings: '{ files: { paths: [nowhere] } }' })
    const { exitCode, sources } = await backUp(stack, hook)
    expect({ exitCode, sources }).toEqual({ exitCode: 3, sources: { dump: EVERYWHERE, settings: 'failed in nothing' } })
  })

  test('a source that has lost most of what it held', async ({ stack, dir, hook, expect }) => {
    await makeFiles(dir.path, { 'settings/large': 'x'.repeat(500_000) })
    await backUp(stack, hook)
    await makeFiles(dir.path, { 'settings/large': '' })
    const { exitCode, sources, alerts } = await backUp(stack, hook)
    expect({ exitCode, sources }).toEqual({
      exitCode: 3,
      sources: { dump: EVERYWHERE, settings: 'incomplete in usb, nas' },
    })
    expect(alerts[0]).toContain('lost')
    expect((await stack.ok(['backup', '--accept-shrinkage'])).stdout).toContain('job nightly succeeded')
  })
})

describe.concurrent('trouble around a run', () => {
  test('a hook that hangs is stopped, and said, when everything is saved', async ({ stack, dir, hook, expect }) => {
    await write(dir, { job: '{ hooks: { after: [{ run: [sleep, "600"], timeout: 1s }] } }' })
    const { exitCode, sources, troubles } = await backUp(stack, hook)
    expect({ exitCode, sources }).toEqual({ exitCode: 3, sources: { dump: EVERYWHERE, settings: EVERYWHERE } })
    expect(troubles).toContain('took longer than 1 s')
  })

  test('a webhook that hangs fails nothing', async ({ stack, dir, hook, expect }) => {
    hook.answer = () => 'hang'
    await write(dir, { settings: '{ files: { paths: [nowhere] } }' })
    const { exitCode, sources, stderr } = await backUp(stack, hook)
    expect(exitCode).toBe(3)
    expect(sources['dump']).toBe(EVERYWHERE)
    expect(stderr).toContain('alerts[0].webhook')
  })

  test('a mail server that stops answering fails nothing', async ({ stack, dir, hook, expect }) => {
    await using server = await startSmtpServer()
    server.misbehave = (step) => (step === 'data' ? 'hang' : undefined)
    const smtp = `{ host: 127.0.0.1, port: ${server.port}, security: none }`
    await write(dir, {
      settings: '{ files: { paths: [nowhere] } }',
      alerts: `mail: { from: hikae@example.com, to: ops@example.com, smtp: ${smtp} }`,
    })
    const { exitCode, sources, stderr } = await backUp(stack, hook)
    expect(exitCode).toBe(3)
    expect(sources['dump']).toBe(EVERYWHERE)
    expect(stderr).toContain('alerts[0].mail')
    expect(server.mails).toHaveLength(0)
  })

  test('a daemon that is killed in the middle of a run: the next one says so, and runs it again', async ({
    stack,
    dir,
    expect,
  }) => {
    const script = 'touch begun; while ! [ -e go-on ]; do sleep 0.05; done; echo done'
    await write(dir, { job: '{ on: { change: { settle: 1s } }, sources: [settings, slow] }' })
    await appendFile(dir.join('hikae.yaml'), `include: [slow.yaml]\n`)
    await writeFile(dir.join('slow.yaml'), `sources:\n  slow: { command: { run: [sh, -c, '${script}'], name: x } }\n`)
    await using killed = await stack.start(['daemon'])
    await until(async () => (await readdir(dir.path)).includes('begun'), killed)
    killed.kill('SIGKILL')
    await killed.finished
    await writeFile(dir.join('go-on'), '')
    await using daemon = await stack.start(['daemon'])
    await daemon.printed('was interrupted: its process has gone')
    await daemon.printed('job nightly succeeded')
    daemon.kill('SIGTERM')
    expect(await daemon.finished).toMatchObject({ exitCode: 0 })
    const runs = await stack.document<{ outcome: string }[]>(['history'])
    expect(runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'interrupted'])
  })
})
