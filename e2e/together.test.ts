import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { killable, randomBytesOf, type RunningProcess, type TempDir } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test, until } from './fixtures.ts'
import type { Hikae } from './hikae.ts'
import { checkByRestic, makeHistory, missingFrom } from './killing.ts'

const SHARED = Object.fromEntries(
  Array.from({ length: 6 }, (_, n) => [`shared/${n}`, randomBytesOf(`shared ${n}`, 1_000_000)] as const),
)

async function makeTwoTrees(dir: TempDir): Promise<string[]> {
  return [
    await makeFiles(dir.join('one'), { ...SHARED, own: randomBytesOf('one', 500_000) }),
    await makeFiles(dir.join('two'), { ...SHARED, own: randomBytesOf('two', 500_000) }),
  ]
}

/** A backup that holds its lock, with a part of its data stored, until it is told to go on. */
async function startBackup(
  hikae: Hikae,
  dir: TempDir,
): Promise<{ running: RunningProcess; goOn: () => Promise<void> }> {
  const script = 'head -c 9000000 /dev/zero | tr "\\0" x; while ! [ -e go-on ]; do sleep 0.05; done; echo end'
  const running = await hikae.start(['backup', '--stdin-from-command', '--', 'sh', '-c', script], { cwd: dir.path })
  await until(async () => (await filesOf(hikae, 'locks')).length > 0, running)
  return { running, goOn: () => writeFile(dir.join('go-on'), '') }
}

async function isStopped({ pid }: RunningProcess): Promise<boolean> {
  return /^State:\s+T/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
}

describe('two writers at the same time', () => {
  test('both succeed, and everything can be read', async ({ hikae, dir, expect }) => {
    const [one, two] = await makeTwoTrees(dir)
    await Promise.all([hikae.backup([one!]), hikae.backup([two!])])
    expect(await hikae.snapshots()).toHaveLength(2)
    await hikae.check()
    await checkByRestic(hikae)
    expect(await filesOf(hikae, 'locks')).toEqual([])
  })

  test.skipIf(noRestic)('one of which is stock restic, both succeed', async ({ hikae, dir, expect }) => {
    const [one, two] = await makeTwoTrees(dir)
    await Promise.all([hikae.backup([one!]), resticOn(hikae).backup([two!])])
    expect(await hikae.snapshots()).toHaveLength(2)
    await hikae.check()
    await checkByRestic(hikae)
  })
})

describe('a writer and a prune', () => {
  test('a prune is refused while a backup runs, and told to wait it begins when that is over', async ({
    hikae,
    dir,
    expect,
  }) => {
    const history = await makeHistory(dir, hikae, 4, [300_000, 200_000])
    await hikae.ok(['forget', '--keep-last', '2'])
    const { running, goOn } = await startBackup(hikae, dir)
    await using _backup = running
    const refused = await hikae.run(['prune', '--max-unused', '0'])
    expect(refused.exitCode).toBe(11)
    expect(refused.stderr).toContain(`is locked by process ${running.pid}`)
    if (!noRestic) expect((await resticOn(hikae).run(['prune'])).exitCode).not.toBe(0)
    await using waiting = await hikae.start(['prune', '--max-unused', '0', '--retry-lock', '2m'])
    await waiting.printed('waiting')
    await goOn()
    expect(await running.finished).toMatchObject({ exitCode: 0 })
    expect(await waiting.finished).toMatchObject({ exitCode: 0 })
    expect(await hikae.snapshots()).toHaveLength(3)
    expect(await missingFrom(hikae, history.slice(-2))).toEqual([])
    await hikae.check()
    await checkByRestic(hikae)
  })

  test('a backup is refused while a prune runs, and nothing is lost', async ({ hikae, dir, expect }) => {
    const history = await makeHistory(dir, hikae, 4, [300_000, 200_000])
    await hikae.ok(['forget', '--keep-last', '2'])
    const env = killable({ folder: join(hikae.repository, 'data'), at: 1, signal: 'SIGSTOP' })
    await using pruning = await hikae.start(['prune', '--max-unused', '0'], { env })
    await until(() => isStopped(pruning), pruning)
    const refused = await hikae.run(['backup', 'tree'], { cwd: dir.path })
    expect(refused.exitCode).toBe(11)
    expect(refused.stderr).toContain(`is locked exclusively by process ${pruning.pid}`)
    if (!noRestic) expect((await resticOn(hikae).run(['backup', dir.join('tree')])).exitCode).not.toBe(0)
    pruning.kill('SIGCONT')
    expect(await pruning.finished).toMatchObject({ exitCode: 0 })
    await hikae.backup(['tree'], [], { cwd: dir.path })
    expect(await missingFrom(hikae, history.slice(-2))).toEqual([])
    await hikae.check()
    await checkByRestic(hikae)
  })

  test.skipIf(noRestic)(
    'a backup of stock restic keeps our prune away, and is whole',
    async ({ hikae, dir, expect }) => {
      const history = await makeHistory(dir, hikae, 4, [300_000, 200_000])
      await hikae.ok(['forget', '--keep-last', '2'])
      const script = 'touch begun; while ! [ -e go-on ]; do sleep 0.05; done; head -c 2000000 /dev/zero'
      const backup = resticOn(hikae).run(['backup', '--stdin-from-command', '--', 'sh', '-c', script], {
        cwd: dir.path,
      })
      while (!(await readdir(dir.path)).includes('begun')) await filesOf(hikae, 'locks')
      expect(await hikae.run(['prune'])).toMatchObject({ exitCode: 11 })
      await writeFile(dir.join('go-on'), '')
      expect(await backup).toMatchObject({ exitCode: 0 })
      await hikae.ok(['prune', '--max-unused', '0'])
      expect(await missingFrom(hikae, history.slice(-2))).toEqual([])
      expect(await hikae.snapshots()).toHaveLength(3)
      await checkByRestic(hikae)
      expect(await readdir(join(hikae.repository, 'locks'))).toEqual([])
    },
  )
})
