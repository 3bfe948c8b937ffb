import { access, appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeCheapRepository, startWebhookServer, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base, until } from './fixtures.ts'
import { Hikae, jsonLines, type Message, PASSWORD } from './hikae.ts'

/** `stack` is the program beside a hikae.yaml with two repositories, and one job that saves what a program prints. */
const test = base.extend('stack', async ({ dir }) => {
  await makeStack(dir)
  return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
})

const DUMP = `{ command: { run: [cat, data.sql], name: shop.sql, restore: [sh, -c, 'cat >data.sql'] } }`

async function makeStack(dir: TempDir, { dump = DUMP, job = '{ keep: { last: 2 } }' } = {}): Promise<void> {
  for (const name of ['usb', 'nas']) await makeCheapRepository(dir.join(name), PASSWORD)
  await writeStack(dir, { dump, job })
  await makeFiles(dir.path, { 'data.sql': 'insert into orders values (1)\n' })
}

async function writeStack(dir: TempDir, { dump = DUMP, job = '{}' }: { dump?: string; job?: string }): Promise<void> {
  const lines = [
    'version: 1',
    'stack: shop',
    'timezone: Asia/Tokyo',
    'repositories:',
    '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
    '  nas: { local: nas, password: { env: HIKAE_PASSWORD } }',
    'sources:',
    `  dump: ${dump}`,
    'jobs:',
    `  nightly: ${job}`,
  ]
  await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
}

function runOf(stdout: string): Message {
  return jsonLines(stdout).find(({ message_type }) => message_type === 'run')!
}

/** A program whose output ends when the file `go-on` is there. */
const HELD = `{ command: { run: [sh, -c, 'touch begun; echo one; while ! [ -e go-on ]; do sleep 0.05; done; echo two'], name: x } }`

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

describe.concurrent('hikae backup with a stack file', () => {
  test('runs its jobs, and stock restic reads what they saved', async ({ stack, dir, expect }) => {
    const { stdout } = await stack.ok(['backup'])
    expect(stdout).toMatch(/^job nightly, run \d{8}T\d{6}Z-[0-9a-f]{4}$/m)
    expect(stdout).toMatch(/^ {2}dump {2}succeeded +1 file, 30 B, .* stored {2}in usb, nas/m)
    expect(stdout).toMatch(/^job nightly succeeded$/m)
    for (const name of ['usb', 'nas']) {
      const snapshots = await new Hikae({ repository: dir.join(name) }).snapshots()
      expect(snapshots).toHaveLength(1)
      expect(snapshots[0]!['tags']).toEqual(
        expect.arrayContaining(['hikae', 'stack=shop', 'source=dump', 'job=nightly']),
      )
    }
    if (noRestic) return
    const restic = resticOn(new Hikae({ repository: dir.join('usb') }))
    await restic.check()
    await restic.restore('latest', dir.join('restored'))
    expect(await readFile(dir.join('restored/shop.sql'), 'utf8')).toBe('insert into orders values (1)\n')
    expect(await readFile(dir.join('restored/.hikae/stack/0-hikae.yaml'), 'utf8')).toContain('stack: shop')
  })

  test('keeps what the policy says, and no more', async ({ stack, dir, expect }) => {
    for (let day = 0; day < 4; day++) await stack.ok(['backup', 'nightly'])
    expect(await new Hikae({ repository: dir.join('nas') }).snapshots()).toHaveLength(2)
  })

  test('says that a source is empty or cannot be read, and never calls that a success', async ({
    stack,
    dir,
    expect,
  }) => {
    await writeFile(dir.join('data.sql'), '')
    const empty = await stack.run(['backup'])
    expect(empty).toMatchObject({ exitCode: 3 })
    expect(empty.stderr).toContain('there is nothing in it')
    await rm(dir.join('data.sql'))
    const failed = await stack.run(['--json', 'backup'])
    expect(failed.exitCode).toBe(1)
    expect(runOf(failed.stdout)).toMatchObject({ outcome: 'failed', sources: [{ outcome: 'failed', snapshots: {} }] })
  })

  test('goes on without a repository that is away, which gets afterwards what it missed', async ({
    stack,
    dir,
    expect,
  }) => {
    await stack.ok(['backup'])
    await rename(dir.join('usb'), dir.join('away'))
    const without = await stack.run(['backup'])
    expect(without.exitCode).toBe(3)
    expect(without.stderr).toMatch(/^usb: open failed: there is no repository at /m)
    expect((await stack.run(['status'])).exitCode).toBe(3)
    await rename(dir.join('away'), dir.join('usb'))
    const back = await stack.ok(['backup'])
    expect(back.stdout).toContain('usb: 1 snapshot caught up')
    expect((await stack.ok(['status'])).stdout).toMatch(/^dump {2}fresh {2}last good \d+ s ago {2}in usb, nas/m)
  })

  test('needs no history: what is remembered may be lost', async ({ stack, dir, expect }) => {
    await stack.ok(['backup'])
    await rm(dir.join('state'), { recursive: true })
    expect((await stack.ok(['status'])).stdout).toMatch(/^dump {2}fresh/m)
    await stack.ok(['backup'])
    await stack.ok(['restore', 'dump', '--yes'])
  })

  test('remembers each run with its steps, without secrets', async ({ stack, dir, expect }) => {
    await writeStack(dir, {
      dump: `{ command: { run: [sh, -c, 'echo "the password is $TOKEN" >&2; echo x'], name: x, env: { TOKEN: { env: HIKAE_PASSWORD } } } }`,
    })
    const { stdout } = await stack.ok(['--json', 'backup'])
    const run = String(runOf(stdout)['run'])
    expect((await stack.ok(['history'])).stdout).toContain(run)
    const log = (await stack.ok(['logs', run])).stdout
    expect(log).toMatch(/read succeeded/)
    expect(log).toContain('the password is ')
    expect(log).not.toContain(PASSWORD)
    const files = await readdir(dir.join('state'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile())) {
      expect((await readFile(join(file.parentPath, file.name))).includes(PASSWORD)).toBe(false)
    }
  })

  test('runs no job that the file has names in that nobody knows', async ({ stack, dir, expect }) => {
    await writeStack(dir, { job: '{ sources: [dumb], to: [usb, nass] }' })
    const { exitCode, stderr } = await stack.run(['backup'])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      /hikae\.yaml:10:\d+: jobs\.nightly\.sources\.0: there is no source 'dumb'; did you mean dump\?/,
    )
    expect(stderr).toMatch(/jobs\.nightly\.to\.1: there is no repository 'nass'; did you mean nas\?/)
  })

  test.for([
    ['dump', /dump is a source of \S+hikae\.yaml, and backup takes jobs\n.*hikae backup nightly/],
    ['nightli', /nightli is no job of \S+hikae\.yaml, and no file here\n.*do you mean nightly\?/],
  ] as const)('takes %s for no job', async ([name, message], { stack, expect }) => {
    expect(await stack.run(['backup', name])).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) })
  })
})

describe.concurrent('one run at a time', () => {
  test('for a source: another one is refused by name, or waits', async ({ stack, dir, expect }) => {
    await writeStack(dir, { dump: HELD })
    await using first = await stack.start(['backup'])
    await until(() => isThere(dir.join('begun')), first)
    const refused = await stack.run(['backup'])
    expect(refused.exitCode).toBe(11)
    expect(refused.stderr).toMatch(
      /the job nightly has to wait for the run \S+ of the job nightly \(process \d+\), which saves the source dump too/,
    )
    await using waiting = await stack.start(['backup', '--retry-lock', '5m'])
    await waiting.printed('waiting for the run')
    await writeFile(dir.join('go-on'), '')
    expect(await first.finished).toMatchObject({ exitCode: 0 })
    expect(await waiting.finished).toMatchObject({ exitCode: 0 })
  })

  test('a run that was killed is known at the next start, and is in nobody’s way', async ({ stack, dir, expect }) => {
    await writeStack(dir, { dump: HELD })
    await using killed = await stack.start(['backup'])
    await until(() => isThere(dir.join('begun')), killed)
    killed.kill('SIGKILL')
    await killed.finished
    await writeFile(dir.join('go-on'), '')
    const next = await stack.ok(['backup'])
    expect(next.stderr).toMatch(/the run \S+ of the job nightly was interrupted: its process has gone/)
    expect((await stack.ok(['backup'])).stderr).not.toContain('interrupted')
  })

  test('a run that is told to stop ends as cancelled, with 130, and makes no snapshot', async ({
    stack,
    dir,
    expect,
  }) => {
    await writeStack(dir, { dump: HELD })
    await using running = await stack.start(['backup'])
    await until(() => isThere(dir.join('begun')), running)
    running.kill('SIGTERM')
    expect(await running.finished).toMatchObject({ exitCode: 130 })
    expect(await new Hikae({ repository: dir.join('usb') }).snapshots()).toEqual([])
  })
})

describe.concurrent('hikae restore SOURCE', () => {
  test('tells a plan, changes nothing without being told, and brings the newest point back', async ({
    stack,
    dir,
    expect,
  }) => {
    const before = await readFile(dir.join('data.sql'), 'utf8')
    await stack.ok(['backup'])
    await writeFile(dir.join('data.sql'), 'broken')
    const plan = await stack.ok(['restore', 'dump', '--dry-run'])
    expect(plan.stdout).toMatch(
      /^restore the source dump \(command\) from snapshot [0-9a-f]{8} of .* from (usb|nas):$/m,
    )
    expect(plan.stdout).toContain('Nothing was done.')
    const asked = await stack.run(['restore', 'dump'])
    expect(asked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('add --yes') as string })
    expect(await readFile(dir.join('data.sql'), 'utf8')).toBe('broken')
    await stack.ok(['restore', 'dump', '--yes'])
    expect(await readFile(dir.join('data.sql'), 'utf8')).toBe(before)
  })

  test('takes a point that is chosen, from any repository that has it', async ({ stack, dir, expect }) => {
    const { stdout } = await stack.ok(['--json', 'backup'])
    await writeFile(dir.join('data.sql'), 'the second\n')
    await stack.ok(['backup'])
    await rm(dir.join('usb'), { recursive: true })
    await stack.ok(['restore', 'dump', '--yes', '--at', String(runOf(stdout)['run'])])
    expect(await readFile(dir.join('data.sql'), 'utf8')).toBe('insert into orders values (1)\n')
    await stack.ok(['restore', 'dump', '--to', 'elsewhere.sql'])
    expect(await readFile(dir.join('elsewhere.sql'), 'utf8')).toBe('the second\n')
    const tooEarly = await stack.run(['restore', 'dump', '--yes', '--at', '2020-01-01'])
    expect(tooEarly).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('there is no such snapshot') as string,
    })
  })

  test('of a name that nobody has says which there are', async ({ stack, expect }) => {
    const { exitCode, stderr } = await stack.run(['restore', 'dumb'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('if you mean the source, write dump')
  })
})

describe.concurrent('hikae backup --due', () => {
  test('runs what is due, once, and nothing else', async ({ stack, dir, expect }) => {
    await writeStack(dir, { job: '{ schedule: daily }' })
    expect((await stack.ok(['backup', '--due'])).stdout).toBe('nothing is due\n')
    await seenLongAgo(dir)
    expect((await stack.ok(['backup', '--due'])).stdout).toMatch(/^job nightly succeeded$/m)
    expect((await stack.ok(['backup', '--due', '--quiet'])).stdout).toBe('')
    const runs = await stack.document<{ trigger: string }[]>(['history'])
    expect(runs.map(({ trigger }) => trigger)).toEqual(['catch-up'])
  })

  test('leaves the work to a daemon', async ({ stack, dir, expect }) => {
    await writeStack(dir, { job: '{ schedule: daily }' })
    await using daemon = await stack.start(['daemon'])
    await daemon.printed('job nightly: ')
    await seenLongAgo(dir)
    expect((await stack.ok(['backup', '--due'])).stdout).toContain('are run by another process')
    daemon.kill('SIGTERM')
    await daemon.finished
  })
})

/** The job has been known for years, and was never run. */
async function seenLongAgo(dir: TempDir): Promise<void> {
  const [name] = await readdir(dir.join('state/hikae/stacks'))
  using database = new DatabaseSync(dir.join('state/hikae/stacks', name!, 'state.db'))
  database.exec("update schedule_states set first_seen = '2020-01-01T00:00:00.000Z', last_started = null")
}

describe.concurrent('hikae daemon', () => {
  test('saves what has changed as soon as it is quiet', async ({ stack, dir, expect }) => {
    await makeFiles(dir.join('settings'), { '.env': 'A=1\n' })
    await writeStack(dir, {
      dump: '{ files: { paths: [settings] } }',
      job: '{ on: { change: { settle: 1s } } }',
    })
    await using daemon = await stack.start(['daemon'])
    await daemon.printed('job nightly succeeded')
    await writeFile(dir.join('settings/.env'), 'A=2\n')
    await daemon.printed('job nightly succeeded', 2)
    expect(await filesOf(new Hikae({ repository: dir.join('usb') }), 'snapshots')).toHaveLength(2)
    daemon.kill('SIGTERM')
    await daemon.finished
    await stack.ok(['restore', 'dump', '--to', dir.join('restored')])
    expect(await readFile(dir.join('restored/.env'), 'utf8')).toBe('A=2\n')
  })

  test('runs what is due, reads the stack file again when it changes, and ends when it is told to', async ({
    stack,
    dir,
    expect,
  }) => {
    await writeStack(dir, { job: '{ schedule: every 1m }' })
    // It was seen long ago, so that something is due at once.
    await stack.ok(['backup'])
    await using daemon = await stack.start(['daemon'])
    await daemon.printed('job nightly: ')
    const second = await stack.run(['daemon'])
    expect(second).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('runs already') as string })
    await writeStack(dir, { job: '{ schedule: manual }' })
    await daemon.printed('only when asked')
    await writeFile(dir.join('hikae.yaml'), 'nonsense: true\n')
    await daemon.printed('going on with what it said before')
    daemon.kill('SIGTERM')
    expect(await daemon.finished).toMatchObject({ exitCode: 0 })
    // What a killed one leaves keeps nobody out.
    await writeStack(dir, { job: '{ schedule: manual }' })
    await using killed = await stack.start(['daemon'])
    await killed.printed('only when asked')
    killed.kill('SIGKILL')
    await killed.finished
    await using next = await stack.start(['daemon'])
    await next.printed('only when asked')
    next.kill('SIGTERM')
    expect(await next.finished).toMatchObject({ exitCode: 0 })
  })
})

describe.concurrent('alerts', () => {
  test('tell of trouble once, of its end once, and never fail a backup', async ({ stack, dir, expect }) => {
    await using server = await startWebhookServer()
    await appendFile(
      dir.join('hikae.yaml'),
      `alerts:\n  - webhook: { url: { env: HOOK } }\n  - ntfy: { server: 'http://127.0.0.1:9', topic: nobody }\n`,
    )
    const alarmed = stack.with({ env: { HOOK: `${server.url}hook` } })
    await alarmed.run(['backup'])
    expect(server.requests).toHaveLength(0)
    await rename(dir.join('data.sql'), dir.join('away.sql'))
    const first = await alarmed.run(['backup'])
    expect(first.exitCode).toBe(1)
    expect(first.stderr).toMatch(/an alert was not sent: alerts\[1\]\.ntfy: /)
    await alarmed.run(['backup'])
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]!.body).toContain('nightly')
    await rename(dir.join('away.sql'), dir.join('data.sql'))
    const back = await alarmed.run(['backup'])
    expect(back.exitCode).toBe(0)
    expect(server.requests).toHaveLength(2)
    expect((await alarmed.run(['alerts', 'test'])).stdout).toContain('alerts[0].webhook: accepted')
  })

  test('come from the daemon when a promise is broken though nothing fails', async ({ stack, dir, expect }) => {
    await using server = await startWebhookServer()
    await writeStack(dir, { job: '{ schedule: manual, objectives: { rpo: 1s } }' })
    await appendFile(dir.join('hikae.yaml'), 'alerts:\n  - webhook: { url: { env: HOOK } }\n')
    await using daemon = await stack.with({ env: { HOOK: `${server.url}hook` } }).start(['daemon'])
    await server.received(1)
    expect(server.requests[0]!.body).toContain('dump')
    daemon.kill('SIGTERM')
    await daemon.finished
  })

  test('come also when nothing runs any more', async ({ stack, dir, expect }) => {
    await using server = await startWebhookServer()
    await writeStack(dir, { job: '{ objectives: { rpo: 1s } }' })
    await appendFile(dir.join('hikae.yaml'), 'alerts:\n  - webhook: { url: { env: HOOK } }\n')
    const alarmed = stack.with({ env: { HOOK: `${server.url}hook` } })
    const silent = await alarmed.run(['status', '--alert'])
    expect(silent.exitCode).toBe(3)
    expect(silent.stdout).toMatch(/^dump {2}never/m)
    expect(server.requests).toHaveLength(1)
    await alarmed.run(['status', '--alert'])
    expect(server.requests).toHaveLength(1)
  })
})
