import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { makeCheapRepository, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base, until } from './fixtures.ts'
import { Hikae, type Message, PASSWORD } from './hikae.ts'

/** `stack` is the program beside a hikae.yaml with two repositories, files and a database, which have been saved. */
const test = base.extend('stack', async ({ dir }) => {
  for (const name of ['usb', 'nas']) await makeCheapRepository(dir.join(name), PASSWORD)
  await makeFiles(dir.path, { 'uploads/a.txt': 'one', 'uploads/b.txt': 'two' })
  makeOrders(dir, 3)
  const lines = [
    'version: 1',
    'stack: shop',
    'repositories:',
    '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
    '  nas: { local: nas, password: { env: HIKAE_PASSWORD } }',
    'sources:',
    '  uploads: { files: { paths: [uploads] } }',
    "  orders: { sqlite: { path: orders.db, verify: [{ sql: 'select count(*) from orders', expect: 3 }] } }",
    'jobs:',
    '  nightly: { to: [usb], objectives: { rto: 1h } }',
  ]
  await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
  const stack = new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  await stack.ok(['backup'])
  return stack
})

function makeOrders(dir: TempDir, count: number): void {
  using orders = new DatabaseSync(dir.join('orders.db'))
  orders.exec('create table if not exists orders (number integer); delete from orders')
  for (let number = 1; number <= count; number++) orders.exec(`insert into orders values (${number})`)
}

async function sourceStatus(stack: Hikae, name: string): Promise<Message> {
  const { stdout } = await stack.run(['--json', 'status'])
  const { sources } = JSON.parse(stdout) as { readonly sources: readonly Message[] }
  return sources.find(({ source }) => source === name)!
}

/** Everything in the folders in which sources are brought back. */
async function leftIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  return names.filter((name) => name.includes('scratch/'))
}

describe.concurrent('hikae drill', () => {
  test('brings every source back, says how long that took, and leaves nothing', async ({ stack, dir, expect }) => {
    expect((await stack.run(['status'])).stdout).not.toContain('drill')
    const { stdout } = await stack.ok(['drill'])
    expect(stdout).toMatch(/^rehearsing the restore of uploads \(files\) from snapshot [0-9a-f]{8} of .* from usb$/m)
    expect(stdout).toMatch(/^ {2}uploads {2}succeeded {2}2 files, 6 B, back in \d+\.\d s \(promised: 1 h\)$/m)
    expect(stdout).toMatch(/^ {2}orders {2}succeeded {2}1 file, .* back in \d+\.\d s \(promised: 1 h\)$/m)
    expect(await leftIn(dir.join('state'))).toEqual([])
    const { stdout: status } = await stack.run(['status'])
    expect(status).toMatch(/^orders .* drilled \d+ s ago: back in \d+\.\d s$/m)
    expect(status).toMatch(/time to be back: \d+\.\d s as drilled; promised within 1 h$/m)
    expect((await stack.run(['doctor'])).stdout).toContain('drills: all sources came back')
  })

  test('tells programs everything, of one source and of an older point', async ({ stack, dir, expect }) => {
    const [{ id: first }] = (await new Hikae({ repository: dir.join('usb') }).snapshots([
      '--tag',
      'source=uploads',
    ])) as [{ id: string }]
    await makeFiles(dir.path, { 'uploads/c.txt': 'three' })
    await stack.ok(['backup'])
    const [newest] = await stack.messages(['drill', 'uploads'])
    expect(newest).toMatchObject({
      message_type: 'drill',
      source: 'uploads',
      outcome: 'succeeded',
      files: 3,
      rto_seconds: 3600,
    })
    const drills = await stack.messages([
      'drill',
      'uploads',
      '--at',
      first.slice(0, 10),
      '--scratch',
      dir.join('large'),
    ])
    expect(drills).toMatchObject([{ snapshot: first, files: 2, repository: 'usb', findings: [] }])
    expect(await readdir(dir.join('large/hikae-drill'))).toEqual([])
    expect(await sourceStatus(stack, 'uploads')).toMatchObject({
      last_drill: { snapshot: first, outcome: 'succeeded' },
    })
  })

  test('fails by name where what came back is not as it should be, and goes on with the others', async ({
    stack,
    dir,
    expect,
  }) => {
    makeOrders(dir, 2)
    await stack.ok(['backup'])
    const { exitCode, stdout, stderr } = await stack.run(['drill'])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/^error: orders: .*select count\(\*\) from orders gives 2, where 3 is expected$/m)
    expect(stdout).toMatch(/^ {2}orders {2}failed {2}not as it should be, after \d/m)
    expect(stdout).toMatch(/^ {2}uploads {2}succeeded /m)
    expect((await stack.run(['drill', 'orders'])).exitCode).toBe(1)
    const status = await stack.run(['status'])
    expect(status.exitCode).toBe(3)
    expect(status.stdout).toMatch(/^orders .* drill failed \d+ s ago$/m)
    expect((await stack.run(['doctor'])).stdout).toMatch(
      /^warning {2}drills: orders did not come back \d+ s ago: .* 3 is expected$/m,
    )
  })

  test('names what a damaged repository lacks', async ({ stack, dir, expect }) => {
    for (const name of await readdir(dir.join('usb/data'), { recursive: true })) {
      const path = dir.join('usb/data', name)
      const bytes = await readFile(path).catch(() => undefined)
      if (bytes) await writeFile(path, bytes.fill(7, 0, bytes.length - 100))
    }
    const { exitCode, stderr } = await stack.run(['drill', '--no-cache'])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^error: uploads: /m)
    expect(stderr).toMatch(/^error: orders: /m)
    expect(stderr).not.toContain('unexpected')
    expect(await sourceStatus(stack, 'orders')).toMatchObject({ last_drill: { outcome: 'failed', repository: 'usb' } })
    await rm(dir.join('usb/data'), { recursive: true })
    expect((await stack.run(['drill', 'uploads', '--no-cache'])).exitCode).toBe(1)
  })

  test('of what cannot be opened or is not there remembers nothing, and says what to do', async ({ stack, expect }) => {
    const wrong = await stack.run(['drill'], { env: { HIKAE_PASSWORD: 'wrong' } })
    expect(wrong.exitCode).toBe(12)
    const empty = await stack.run(['drill', 'uploads', '--repo', 'nas'])
    expect(empty.exitCode).toBe(1)
    expect(empty.stderr).toMatch(
      /there is no snapshot of the source uploads in the repository[^\n]*\nnext: .*hikae backup/,
    )
    const unknown = await stack.run(['drill', 'upload'])
    expect(unknown.exitCode).toBe(2)
    expect(unknown.stderr).toContain('next: do you mean uploads?')
    expect((await stack.run(['drill', '--at', 'once'])).exitCode).toBe(2)
    expect(await sourceStatus(stack, 'uploads')).toMatchObject({ last_drill: null })
  })

  test('leaves nothing behind when it is interrupted, and when it was killed at the next drill or run', async ({
    stack,
    dir,
    expect,
  }) => {
    const endless = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n'
    await makeFiles(dir.path, {
      'slow.yaml': (await readFile(dir.join('hikae.yaml'), 'utf8')).replace('select count(*) from orders', endless),
    })
    const scratch = dir.join('large/hikae-drill/scratch')
    const endlessDrill = async (...args: string[]) => {
      const running = await stack.start(['--config', 'slow.yaml', 'drill', 'orders', ...args])
      const hasBegun = async (): Promise<boolean> => (await leftIn(dir.path)).some((name) => name.endsWith('orders.db'))
      await until(hasBegun, running)
      return running
    }
    {
      await using interrupted = await endlessDrill('--scratch', dir.join('large'))
      interrupted.kill('SIGINT')
      expect(await interrupted.finished).toMatchObject({ exitCode: 130 })
      expect(await leftIn(dir.path)).toEqual([])
    }
    {
      await using killed = await endlessDrill('--scratch', dir.join('large'))
      killed.kill('SIGKILL')
      await killed.finished
      expect(await readdir(scratch)).toHaveLength(1)
      await stack.ok(['drill', 'uploads', '--scratch', dir.join('large')])
      expect(await leftIn(dir.path)).toEqual([])
    }
    await using killed = await endlessDrill()
    killed.kill('SIGKILL')
    await killed.finished
    await stack.ok(['backup', '--config', 'slow.yaml'])
    expect(await leftIn(dir.path)).toEqual([])
  })
})
