import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { openLocalBackend, openRepository } from '@hikae/engine'
import {
  killable,
  makeCheapRepository,
  randomBytesOf,
  recordedChanges,
  runOk,
  type ProcessResult,
  type TempDir,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae, jsonLines, PASSWORD, type Message } from './hikae.ts'

/** Three repositories of a stack file, alike: `usb` and `nas` stay, `off` goes and comes back. */
class Stack {
  readonly dir: TempDir
  /** All of them. */
  readonly hikae: Hikae
  readonly #names = ['usb', 'nas', 'off']
  #day = 0

  constructor(dir: TempDir) {
    this.dir = dir
    this.hikae = new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  }

  async create(): Promise<this> {
    const config = this.#names.map((name) => `  ${name}: { local: ${name}, password: { env: HIKAE_PASSWORD } }\n`)
    await makeFiles(this.dir.path, { 'hikae.yaml': `version: 1\nrepositories:\n${config.join('')}` })
    for (const name of this.#names) await makeCheapRepository(this.dir.join(name), PASSWORD)
    return this
  }

  on(name: string): Hikae {
    return this.hikae.with({ repository: this.dir.join(name) })
  }

  async leave(name: string): Promise<void> {
    await rename(this.dir.join(name), this.dir.join(`${name}.away`))
  }

  async comeBack(name: string): Promise<void> {
    await rename(this.dir.join(`${name}.away`), this.dir.join(name))
  }

  /** The tree gets one more file. */
  async nextDay(): Promise<void> {
    const day = ++this.#day
    await makeFiles(this.dir.join('tree'), { [`day ${day}`]: randomBytesOf(`day ${day}`, 50_000) })
  }

  backupOfToday(args: readonly string[] = []): string[] {
    const time = `2026-11-${String(this.#day).padStart(2, '0')} 02:00:00`
    return ['--json', 'backup', '--host', 'host', '--time', time, ...args, 'tree']
  }

  async run(args: readonly string[], env: Record<string, string> = {}, cwd = this.dir.path): Promise<ProcessResult> {
    return await this.hikae.run(args, { env, cwd })
  }

  /** The next day's backup. */
  async backup(
    args: readonly string[] = [],
  ): Promise<{ exitCode: number | null; messages: Message[]; stderr: string }> {
    await this.nextDay()
    const { exitCode, stdout, stderr } = await this.run(this.backupOfToday(args))
    return { exitCode, messages: jsonLines(stdout), stderr }
  }

  /** Days of the snapshots. */
  async daysOf(name: string): Promise<number[]> {
    return (await this.on(name).snapshots()).map(({ time }) => Number(String(time).slice(8, 10)))
  }

  /** Nothing is damaged or locked, and nothing was stored twice. */
  async proveWhole(name: string): Promise<void> {
    const hikae = this.on(name)
    await hikae.check()
    if (!noRestic) await resticOn(hikae).check(['--read-data'])
    const locks = await filesOf(hikae, 'locks')
    if (locks.length > 0) throw new Error(`${name} is still locked by ${locks.join(', ')}`)
  }
}

const test = base.extend('stack', async ({ dir }) => await new Stack(dir).create())

const typeIs = (type: string) => (message: Message) => message['message_type'] === type

describe.concurrent('a repository that was away during two backups', () => {
  const away = test.extend('codes', { auto: true }, async ({ stack }) => {
    await stack.backup()
    await stack.leave('off')
    const codes = [(await stack.backup()).exitCode, (await stack.backup()).exitCode]
    await stack.comeBack('off')
    return codes
  })

  away('costs only its own part, and comes level with the next backup', async ({ stack, codes, expect }) => {
    expect(codes).toEqual([3, 3])
    expect(await stack.daysOf('off')).toEqual([1])
    const { exitCode, messages, stderr } = await stack.backup()
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(messages.filter(typeIs('catch_up'))).toMatchObject([
      { repository: 'off', outcome: 'level', snapshots_copied: 2, snapshots_missing: 0 },
    ])
    for (const name of ['usb', 'nas', 'off']) expect(await stack.daysOf(name)).toEqual([1, 2, 3, 4])
    const [, second] = await stack.on('usb').snapshots()
    const [, copied] = await stack.on('off').snapshots()
    expect(copied).toMatchObject({ original: second!['id'], tree: second!['tree'] })
    await stack.proveWhole('off')
    // The same again finds nothing to do.
    expect((await stack.backup()).messages.filter(typeIs('catch_up'))).toEqual([])
    expect(await stack.daysOf('off')).toEqual([1, 2, 3, 4, 5])
  })

  away('comes level by `copy --catch-up`, without the source', async ({ stack, expect }) => {
    await rename(stack.dir.join('tree'), stack.dir.join('tree that is gone'))
    const [plan] = (await stack.hikae.messages(['copy', '--catch-up', '--dry-run', '-r', 'off'])) as {
      snapshots: object[]
    }[]
    expect(plan).toMatchObject({ message_type: 'catch_up_plan', repository: 'off' })
    expect(plan!.snapshots).toMatchObject([{ from: 'usb' }, { from: 'usb' }])
    expect(await stack.daysOf('off')).toEqual([1])
    const { stdout } = await stack.hikae.ok(['copy', '--catch-up'])
    expect(stdout).toMatch(/^off: copied snapshot [0-9a-f]{8} of .*\/tree at .* as [0-9a-f]{8} from usb$/m)
    expect(stdout).toMatch(/^usb: level\nnas: level\n/)
    expect(stdout).toContain('off: 2 snapshots caught up\n')
    expect(await stack.daysOf('off')).toEqual([1, 2, 3])
    await stack.proveWhole('off')
    expect((await stack.hikae.ok(['copy', '--catch-up'])).stdout).toBe('usb: level\nnas: level\noff: level\n')
  })

  away('is left as it is by --no-catch-up, and what is then older only on demand', async ({ stack, expect }) => {
    const { exitCode, messages } = await stack.backup(['--no-catch-up'])
    expect(exitCode).toBe(0)
    expect(messages.filter(typeIs('catch_up'))).toEqual([])
    expect(await stack.daysOf('off')).toEqual([1, 4])
    const { stdout } = await stack.hikae.ok(['copy', '--catch-up', '-r', 'off'])
    expect(stdout).toBe(
      'off: level\noff: 2 older snapshots only in usb; `hikae copy --catch-up --with-older` brings them too\n',
    )
    await stack.hikae.ok(['copy', '--catch-up', '--with-older', '-r', 'off'])
    expect(await stack.daysOf('off')).toEqual([1, 2, 3, 4])
    await stack.proveWhole('off')
  })

  away(
    'gets its new snapshot and what else there is when something missed cannot be had',
    async ({ stack, expect }) => {
      const bringBack = await hideTreesOf(stack, 2, ['usb', 'nas'])
      const failing = await stack.backup()
      expect(failing.exitCode).toBe(3)
      expect(failing.stderr).toMatch(/"pack [0-9a-f]{8} is not in .*"during":"copy"/)
      expect(failing.messages.filter(typeIs('catch_up'))).toMatchObject([
        { repository: 'off', outcome: 'incomplete', snapshots_copied: 1, snapshots_damaged: 1 },
      ])
      expect(await stack.daysOf('off')).toEqual([1, 3, 4])
      await stack.proveWhole('off')
      await bringBack()
      await stack.hikae.ok(['copy', '--catch-up', '--with-older'])
      expect(await stack.daysOf('off')).toEqual([1, 2, 3, 4])
      await stack.proveWhole('off')
    },
  )

  away('takes from another sibling what is damaged in the first', async ({ stack, expect }) => {
    await hideTreesOf(stack, 2, ['usb'])
    const { exitCode, stdout, stderr } = await stack.hikae.run(['copy', '--catch-up', '-r', 'off'])
    expect(stderr).toContain('was not copied')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^off: copied .* from nas$/m)
    expect(await stack.daysOf('off')).toEqual([1, 2, 3])
    await stack.proveWhole('off')
  })
})

describe.concurrent('catching up', () => {
  test('does not bring back what was forgotten', async ({ stack, expect }) => {
    for (let day = 1; day <= 4; day++) await stack.backup()
    await stack.on('off').ok(['forget', '--keep-last', '2', '--prune'])
    await stack.hikae.ok(['copy', '--catch-up'])
    expect(await stack.daysOf('off')).toEqual([3, 4])
    expect((await stack.backup()).exitCode).toBe(0)
    expect(await stack.daysOf('off')).toEqual([3, 4, 5])
    expect(await stack.daysOf('usb')).toEqual([1, 2, 3, 4, 5])
  })

  test('goes on where it was killed, although a backup came in between', async ({ stack, expect }) => {
    await stack.backup()
    await stack.leave('off')
    for (let day = 2; day <= 4; day++) await stack.backup()
    await stack.comeBack('off')
    // Between the new snapshot and the last of those that were missed.
    await stack.nextDay()
    const at = await changeBeforeThirdSnapshot(stack)
    const { signal: killed } = await stack.run(stack.backupOfToday(), killable({ folder: stack.dir.join('off'), at }))
    expect(killed).toBe('SIGKILL')
    expect(await stack.daysOf('off')).toEqual([1, 2, 5])
    const { exitCode, messages } = await stack.backup()
    expect(exitCode).toBe(0)
    expect(messages.filter(typeIs('catch_up'))).toMatchObject([{ repository: 'off', snapshots_copied: 2 }])
    for (const name of ['usb', 'off']) expect(await stack.daysOf(name)).toEqual([1, 2, 3, 4, 5, 6])
    await stack.proveWhole('off')
  })

  test('goes on with the others when one cannot be opened, and says how each ended', async ({ stack, expect }) => {
    await stack.backup()
    await stack.leave('off')
    await stack.leave('nas')
    await stack.backup()
    await stack.comeBack('off')
    const { exitCode, stdout, stderr } = await stack.hikae.run(['copy', '--catch-up'])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/^error: repository nas: there is no repository at .*nas/)
    expect(stdout).toContain('off: 1 snapshot caught up\n')
    await stack.leave('off')
    expect((await stack.hikae.run(['copy', '--catch-up'])).exitCode).toBe(1)
    await stack.leave('usb')
    expect((await stack.hikae.run(['copy', '--catch-up'])).exitCode).toBe(10)
  })

  test('works among addresses, each way', async ({ stack, expect }) => {
    await stack.hikae.ok(['backup', '-r', './usb', '--host', 'a', 'hikae.yaml'])
    await stack.hikae.ok(['backup', '-r', './off', '--host', 'b', 'hikae.yaml'])
    const messages = await stack.hikae.messages(['copy', '--catch-up', '-r', './usb', '-r', './off'])
    expect(messages.filter(typeIs('snapshot_copied'))).toMatchObject([
      { repository: './usb', from: './off' },
      { repository: './off', from: './usb' },
    ])
    for (const name of ['usb', 'off']) {
      expect((await stack.on(name).snapshots()).map(({ hostname }) => hostname)).toEqual(['a', 'b'])
    }
    expect(await stack.daysOf('nas')).toEqual([])
  })

  test('is refused with a choice of snapshots or nothing to compare with', async ({ stack, expect }) => {
    const cases: [string[], RegExp][] = [
      [['copy', '--catch-up', 'latest'], /does not go together with a choice of snapshots/],
      [['copy', '--catch-up', '--host', 'db1'], /does not go together with a choice of snapshots/],
      [['copy', '--catch-up', '--from-repo', 'usb'], /and not from --from-repo/],
      [['copy', '--catch-up', '-r', './usb'], /there is only one repository/],
      [['copy', '--dry-run', '--from-repo', 'usb', '-r', 'nas'], /--dry-run only goes together with --catch-up/],
      [['copy', '--with-older', '--from-repo', 'usb', '-r', 'nas'], /--with-older only goes together/],
    ]
    for (const [args, says] of cases) {
      const { exitCode, stdout, stderr } = await stack.hikae.run(args)
      expect({ exitCode, stdout }, args.join(' ')).toEqual({ exitCode: 2, stdout: '' })
      expect(stderr, args.join(' ')).toMatch(says)
    }
  })
})

/** By a backup of a copy of everything: the new snapshot comes first, then what was missed, oldest first. */
async function changeBeforeThirdSnapshot(stack: Stack): Promise<number> {
  const [copy, record] = [stack.dir.join('rehearsal'), stack.dir.join('record')]
  await mkdir(copy)
  await mkdir(record)
  const folders = ['usb', 'nas', 'off', 'tree', 'hikae.yaml'].map((name) => stack.dir.join(name))
  await runOk('cp', ['-a', ...folders, copy])
  const env = { XDG_STATE_HOME: join(copy, 'state'), ...killable({ folder: join(copy, 'off'), record }) }
  const { exitCode, stderr } = await stack.run(stack.backupOfToday(), env, copy)
  if (exitCode !== 0) throw new Error(`the rehearsal exited with ${exitCode}: ${stderr}`)
  const changes = await recordedChanges(record)
  const published = changes.flatMap(({ to }, at) => (to !== undefined && isSnapshot(to) ? [at + 1] : []))
  return published[2]!
}

const isSnapshot = (path: string): boolean => /\/snapshots\/[0-9a-f]{64}$/.test(path)

/** Takes the directories of one snapshot away. @returns what brings them back */
async function hideTreesOf(stack: Stack, day: number, names: readonly string[]): Promise<() => Promise<void>> {
  const moves = await Promise.all(
    names.map(async (name) => {
      const pack = await packOfRoot(stack.dir.join(name), day)
      return [stack.dir.join(name, 'data', pack.slice(0, 2), pack), stack.dir.join(`${name} ${pack}`)] as const
    }),
  )
  for (const [from, to] of moves) await rename(from, to)
  return async () => {
    for (const [from, to] of moves) await rename(to, from)
  }
}

async function packOfRoot(folder: string, day: number): Promise<string> {
  await using repository = await openRepository(await openLocalBackend(folder), { password: PASSWORD })
  const { tree } = (await repository.snapshots())[day - 1]!
  const index = await repository.loadIndex()
  return [...index.blobs()].find(({ id }) => id === tree)!.pack
}
