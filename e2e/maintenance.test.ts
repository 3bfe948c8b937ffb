import { chmod, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  makeCheapRepository,
  randomBytesOf,
  type RunningProcess,
  startWebhookServer,
  type TempDir,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base, until } from './fixtures.ts'
import { Hikae, jsonLines, type Message, PASSWORD } from './hikae.ts'

/** `stack` saves a folder into two repositories, and one backup was made. */
const test = base.extend('stack', async ({ dir }) => {
  for (const name of ['usb', 'nas']) await makeCheapRepository(dir.join(name), PASSWORD)
  await makeFiles(dir.path, { 'uploads/large': randomBytesOf('large', 3_000_000), 'uploads/small': 'small' })
  await writeStack(dir, '{ check: weekly, readData: all, prune: weekly }')
  const stack = new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  await stack.ok(['backup'])
  return stack
})

async function writeStack(dir: TempDir, maintenance: string, more = ''): Promise<void> {
  const lines = [
    'version: 1',
    'stack: shop',
    'timezone: UTC',
    'repositories:',
    '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
    '  nas: { local: nas, password: { env: HIKAE_PASSWORD } }',
    'sources:',
    `  uploads: { files: { paths: [uploads] } }`,
    'jobs:',
    '  nightly: { keep: { last: 1 } }',
    `maintenance: ${maintenance}`,
  ]
  await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n${more}`)
}

/** Does something with what is remembered of the stack. */
async function withState<T>(dir: TempDir, work: (database: DatabaseSync) => T): Promise<T> {
  const [name] = await readdir(dir.join('state/hikae/stacks'))
  using database = new DatabaseSync(dir.join('state/hikae/stacks', name!, 'state.db'))
  return work(database)
}

/** As if so many days had passed since everything that is remembered. */
async function passDays(dir: TempDir, days: number): Promise<void> {
  await withState(dir, (database) => {
    const columns = { schedule_states: ['first_seen', 'last_started'], runs: ['started_at'], steps: ['started_at'] }
    for (const [table, names] of Object.entries(columns)) {
      for (const name of names) {
        database.exec(`update ${table} set ${name} = strftime('%Y-%m-%dT%H:%M:%fZ', ${name}, '-${days} days')`)
      }
    }
  })
}

/** As if the time had come to try again what was not done. */
async function passRetry(dir: TempDir): Promise<void> {
  await withState(dir, (database) =>
    database.exec("update steps set started_at = strftime('%Y-%m-%dT%H:%M:%fZ', started_at, '-16 minutes')"),
  )
}

/** Maintenance has been known for a week, and was never done. A weekly time has come once then, whatever day today is. */
async function becomeDue(stack: Hikae, dir: TempDir): Promise<void> {
  await stack.ok(['backup', '--due'])
  await passDays(dir, 7)
}

interface Step {
  readonly kind: string
  readonly repository: string
  readonly outcome: string
  readonly message?: string
  readonly hint?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

interface Ended {
  readonly job: string
  readonly outcome: string
  readonly steps: readonly Step[]
}

/** Runs what is due. */
async function runDue(stack: Hikae): Promise<{ exitCode: number | null; runs: Ended[]; stderr: string }> {
  const { exitCode, stdout, stderr } = await stack.run(['--json', 'backup', '--due'])
  const runs = jsonLines(stdout).filter(({ message_type }) => message_type === 'run') as unknown as Ended[]
  return { exitCode, runs, stderr }
}

/** `usb succeeded`, for each step of the runs of a task. */
function outcomes(runs: readonly Ended[], task: string): string[] {
  return runs
    .filter(({ job }) => job === task)
    .flatMap(({ steps }) => steps.map(({ repository, outcome }) => `${repository} ${outcome}`))
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** Changes a byte in the middle of the largest pack. */
async function damage(repository: string): Promise<void> {
  const packs = await filesBelow(join(repository, 'data'))
  const sized = await Promise.all(packs.map(async (path) => ({ path, size: (await stat(path)).size })))
  const { path, size } = sized.toSorted((a, b) => b.size - a.size)[0]!
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, Math.floor(size / 2))
  byte[0]! ^= 1
  await file.write(byte, 0, 1, Math.floor(size / 2))
}

/** A backup that is not of the stack; it holds a lock until the file `go-on` is there. */
async function lockedByBackup(dir: TempDir): Promise<RunningProcess> {
  const other = new Hikae({ repository: dir.join('usb'), cwd: dir.path })
  const held = ['sh', '-c', 'touch begun; while ! [ -e go-on ]; do sleep 0.05; done; echo x']
  const backup = await other.start(['backup', '--stdin-from-command', '--stdin-filename', 'x', '--', ...held])
  await until(async () => (await readdir(dir.path)).includes('begun'), backup)
  return backup
}

describe.concurrent('maintenance', () => {
  test('is done when it is due, once, and remembered', async ({ stack, dir, expect }) => {
    expect((await stack.ok(['backup', '--due'])).stdout).toBe('nothing is due\n')
    await makeFiles(dir.path, { 'uploads/large': randomBytesOf('other', 3_000_000) })
    await stack.ok(['backup'])
    await passDays(dir, 7)
    const { stdout } = await stack.ok(['backup', '--due'])
    expect(stdout).toMatch(/^check, run \S+$/m)
    expect(stdout).toMatch(/^ {2}usb {2}succeeded {3}1 snapshot, \d packs, \d\.\d+ MiB read$/m)
    expect(stdout).toMatch(/^check succeeded$/m)
    expect(stdout).toMatch(/^ {2}nas {2}succeeded {3}\d packs? deleted, 2\.\d+ MiB freed$/m)
    expect(stdout).toMatch(/^prune succeeded$/m)
    expect((await stack.ok(['backup', '--due'])).stdout).toBe('nothing is due\n')
    const history = await stack.document<Message[]>(['history', '--job', 'check'])
    expect(history).toMatchObject([{ job: 'check', outcome: 'succeeded', trigger: 'catch-up' }])
    expect((await stack.ok(['logs', String(history[0]!['id'])])).stdout).toContain('check succeeded')
    expect((await stack.ok(['status'])).stdout).toMatch(/^check {2}usb {2}done +last \d+ s ago {2}next /m)
    await stack.with({ repository: dir.join('usb') }).check()
  })

  test('reads the next part of the data each time, until all was read', async ({ stack, dir, expect }) => {
    await writeStack(dir, '{ check: weekly, readData: 1/3, to: [usb] }')
    for (const name of ['a', 'b']) {
      await makeFiles(dir.path, { [`uploads/${name}`]: randomBytesOf(name, 3_000_000) })
      await stack.ok(['backup'])
    }
    await becomeDue(stack, dir)
    const packs = await filesBelow(dir.join('usb/data'))
    const read: number[] = []
    for (let week = 0; week < 3; week++) {
      const { runs } = await runDue(stack)
      read.push(Number(runs[0]!.steps[0]!.facts!['packsRead']))
      await passDays(dir, 7)
    }
    expect(Math.max(...read)).toBeLessThan(packs.length)
    // What was read is remembered in 40 bytes for each pack, between 8 and 32 others.
    const [memory] = await filesBelow(dir.join('state/hikae/read'))
    expect(((await stat(memory!)).size - 40) / 40).toBe(packs.length)
  })

  test('that finds damage is loud, and does not forget it', async ({ stack, dir, expect }) => {
    await using hook = await startWebhookServer()
    await writeStack(
      dir,
      '{ check: weekly, readData: all, prune: weekly }',
      'alerts:\n  - webhook: { url: { env: HOOK } }\n    sources: [other]\n',
    )
    const alarmed = stack.with({ env: { HOOK: `${hook.url}hook` } })
    await becomeDue(alarmed, dir)
    await damage(dir.join('usb'))
    const { exitCode, runs } = await runDue(alarmed)
    expect(exitCode).not.toBe(0)
    expect(runs.map(({ job, outcome }) => `${job} ${outcome}`)).toEqual(['check failed', 'prune succeeded'])
    expect(outcomes(runs, 'check')).toEqual(['usb failed', 'nas succeeded'])
    // Nothing is removed where damage was found.
    expect(outcomes(runs, 'prune')).toEqual(['usb skipped', 'nas succeeded'])
    const [found] = runs[0]!.steps
    expect(found!.message).toMatch(
      /damage was found: \d+ errors? \(.*\); 1 snapshot does not come back whole: [0-9a-f]{8} of /,
    )
    expect(found!.hint).toMatch(/^restore from nas meanwhile, .*; hikae repair packs [0-9a-f]{64} --repo usb; /)
    expect(hook.requests).toHaveLength(1)
    expect(hook.requests[0]!.body).toMatch(/Damage found in the repository usb/)
    expect(hook.requests[0]!.body).toMatch(/hikae repair packs [0-9a-f]{64} --repo usb/)

    const status = await alarmed.run(['status'])
    expect(status.exitCode).toBe(3)
    expect(status.stdout).toMatch(/^check {2}usb {2}damaged +found \d+ s ago/m)
    expect(status.stdout).toMatch(/^ {2}next: restore from nas meanwhile/m)
    const [pack] = /[0-9a-f]{64}/.exec(found!.hint!)!
    await alarmed.run(['repair', 'packs', pack, '--repo', 'usb'])
    await rm(dir.join('uploads/small'))
    await alarmed.ok(['backup'])
    await alarmed.run(['repair', 'snapshots', '--forget', '--repo', 'usb'])
    await alarmed.ok(['check', '--read-data', '--repo', 'usb'])
    const repaired = await alarmed.ok(['status', '--alert'])
    expect(repaired.stdout).toMatch(/^check {2}usb {2}done/m)
    expect(hook.requests).toHaveLength(2)
    expect(hook.requests[1]!.body).toMatch(/Works again: check of repositories/)
    await passDays(dir, 7)
    expect((await runDue(alarmed)).exitCode).toBe(0)
    expect(hook.requests).toHaveLength(2)
  })

  test('goes on without a repository that is away, and comes back to it', async ({ stack, dir, expect }) => {
    await becomeDue(stack, dir)
    await rename(dir.join('usb'), dir.join('away'))
    const without = await runDue(stack)
    expect(without.exitCode).toBe(3)
    expect(outcomes(without.runs, 'check')).toEqual(['usb failed', 'nas succeeded'])
    expect(outcomes(without.runs, 'prune')).toEqual(['usb failed', 'nas succeeded'])
    expect((await runDue(stack)).runs).toEqual([])
    const away = await stack.run(['status'])
    expect(away.exitCode).toBe(3)
    expect(away.stdout).toMatch(/^check of usb: there is no repository at /m)
    await rename(dir.join('away'), dir.join('usb'))
    await passRetry(dir)
    const back = await runDue(stack)
    expect(back.exitCode).toBe(0)
    expect(outcomes(back.runs, 'check')).toEqual(['usb succeeded'])
    expect(outcomes(back.runs, 'prune')).toEqual(['usb succeeded'])
    expect((await stack.ok(['status'])).exitCode).toBe(0)
  })

  test('gives way to a backup, which never fails by it', async ({ stack, dir, expect }) => {
    await becomeDue(stack, dir)
    await writeFile(
      dir.join('hikae.yaml'),
      `version: 1
stack: shop
repositories:
  usb: { local: usb, password: { env: HIKAE_PASSWORD } }
sources:
  slow: { command: { run: [sh, -c, 'touch begun; while ! [ -e go-on ]; do sleep 0.05; done; echo x'], name: x } }
jobs:
  nightly: {}
maintenance: { check: weekly, prune: weekly }
`,
    )
    await using backup = await stack.start(['backup'])
    await until(async () => (await readdir(dir.path)).includes('begun'), backup)
    const { exitCode, runs } = await runDue(stack)
    expect(runs.map(({ outcome }) => outcome)).toEqual(['cancelled', 'cancelled'])
    expect(runs[0]!.steps).toMatchObject([
      { outcome: 'skipped', message: expect.stringContaining('the job nightly runs') as string },
    ])
    expect(exitCode).toBe(0)
    await writeFile(dir.join('go-on'), '')
    expect(await backup.finished).toMatchObject({ exitCode: 0 })
    await passRetry(dir)
    const later = await runDue(stack)
    expect(outcomes(later.runs, 'prune')).toEqual(['usb succeeded'])
  })

  test('stops when a backup begins, and is tried again', async ({ stack, dir, expect }) => {
    await writeStack(dir, '{ prune: weekly, to: [usb] }')
    await becomeDue(stack, dir)
    await using other = await lockedByBackup(dir)
    await using prune = await stack.start(['backup', '--due', '--retry-lock', '5m'])
    await prune.printed('; waiting')
    const backup = await stack.run(['backup'])
    expect(backup.stdout).toContain('prune gives way to the job nightly')
    expect(backup.stdout).toMatch(/^ {2}uploads {2}succeeded/m)
    const { exitCode, stdout } = await prune.finished
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^ {2}usb {2}put off: the job nightly runs \(run \S+\), which goes first$/m)
    expect(stdout).toMatch(/^prune put off$/m)
    await writeFile(dir.join('go-on'), '')
    expect(await other.finished).toMatchObject({ exitCode: 0 })
  })

  test('that was killed is done again', async ({ stack, dir, expect }) => {
    await writeStack(dir, '{ prune: weekly, to: [usb] }')
    await becomeDue(stack, dir)
    await using other = await lockedByBackup(dir)
    await using killed = await stack.start(['backup', '--due', '--retry-lock', '5m'])
    await killed.printed('; waiting')
    killed.kill('SIGKILL')
    await killed.finished
    await writeFile(dir.join('go-on'), '')
    expect(await other.finished).toMatchObject({ exitCode: 0 })
    await passRetry(dir)
    const { runs, stderr } = await runDue(stack)
    expect(stderr).toMatch(/the run \S+ of the job prune was interrupted: its process has gone/)
    expect(outcomes(runs, 'prune')).toEqual(['usb succeeded'])
  })

  test('waits for a lock of another machine, and is put off when it stays', async ({ stack, dir, expect }) => {
    await writeStack(dir, '{ prune: weekly, to: [usb] }')
    await becomeDue(stack, dir)
    await using backup = await lockedByBackup(dir)
    const putOff = await stack.run(['--json', 'backup', '--due', '--retry-lock', '1s'])
    expect(putOff.exitCode).toBe(0)
    expect(putOff.stdout).toContain('put off: ')
    await passDays(dir, 1)
    await using waiting = await stack.start(['backup', '--due', '--retry-lock', '5m'])
    await waiting.printed('; waiting')
    await writeFile(dir.join('go-on'), '')
    expect(await waiting.finished).toMatchObject({ exitCode: 0 })
    expect(await backup.finished).toMatchObject({ exitCode: 0 })
    const history = await stack.document<Message[]>(['history', '--job', 'prune'])
    expect(history.map(({ outcome }) => outcome)).toEqual(['succeeded', 'cancelled'])
  })

  test('is begun by the daemon too, and said to be overdue when nothing begins it', async ({ stack, dir, expect }) => {
    await becomeDue(stack, dir)
    await passDays(dir, 7)
    const late = await stack.run(['status'])
    expect(late.exitCode).toBe(3)
    expect(late.stdout).toMatch(/^check {2}usb {2}overdue +never done/m)
    await using daemon = await stack.start(['daemon'])
    await daemon.printed('prune succeeded')
    daemon.kill('SIGTERM')
    expect(await daemon.finished).toMatchObject({ exitCode: 0 })
    await stack.ok(['status'])
  })
})
