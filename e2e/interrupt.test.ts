import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesOf, killable, randomBytesOf, type RunningProcess } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base, until } from './fixtures.ts'
import { PROGRAM, type Hikae } from './hikae.ts'

/** Slow enough to be met in the middle, in pieces small enough to leave traces early. */
const SLOWLY = ['--compression', 'max', '--pack-size', '4', '--read-concurrency', '1']

const test = base.extend('tree', async ({ dir }) => {
  const files = Array.from(
    { length: 20 },
    (_, n) => [`folder ${n % 5}/file ${n}`, bytesOf(n, 2_000_000, 'half')] as const,
  )
  return await makeFiles(dir.join('tree'), Object.fromEntries(files))
})

describe('a backup that is told to stop', () => {
  test.for(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends with 130, without lock, and the next one goes on from there',
    async (signal, { hikae, tree, expect }) => {
      const env = killable({ folder: join(hikae.repository, 'data'), at: 14, signal })
      const result = await hikae.run(['backup', ...SLOWLY, tree], { env })
      expect(result).toMatchObject({ exitCode: 130, signal: null })
      expect(result.stderr).toMatch(new RegExp(`^hikae: stopped by ${signal}\\n(next: [^\\n]+\\n)?$`))
      expect(await filesOf(hikae, 'locks')).toEqual([])
      expect(await hikae.snapshots()).toEqual([])
      // What was stored is in the index: no pack is without owner.
      const check = await hikae.ok(['check', '--read-data'])
      expect(check.stderr).not.toContain('in no index')
      const summary = await hikae.backup([tree])
      expect(summary['bytes_deduplicated']).toBeGreaterThan(2_000_000)
      expect(summary['data_added']).toBeLessThan(36_000_000)
      await hikae.check()
      if (!noRestic) await resticOn(hikae).check()
    },
  )

  test('takes the command whose output it saves with it', async ({ hikae, dir, expect }) => {
    const script = 'trap "echo told >stopped; exit 0" TERM; echo begun; echo begun >begun; while :; do sleep 0.05; done'
    await using running = await hikae.start(['backup', '--stdin-from-command', '--', 'sh', '-c', script])
    await until(async () => (await readdir(dir.path)).includes('begun'), running)
    running.kill('SIGTERM')
    expect((await running.finished).exitCode).toBe(130)
    expect(await readdir(dir.path)).toContain('stopped')
    expect(await hikae.snapshots()).toEqual([])
    expect(await filesOf(hikae, 'locks')).toEqual([])
  })
})

describe('a backup that is killed', () => {
  test.for([
    { point: 'when its lock appears', kind: 'locks', count: 1 },
    { point: 'at its first pack', kind: 'data', count: 1 },
    { point: 'at its third pack', kind: 'data', count: 3 },
    { point: 'when its index appears', kind: 'index', count: 2 },
  ] as const)(
    '$point leaves everything as it was, and the next one succeeds',
    async ({ kind, count }, { hikae, dir, tree, expect }) => {
      const before = await makeFiles(dir.join('before'), { file: randomBytesOf('before', 300_000) })
      await hikae.backup([before])
      const base = (await filesOf(hikae, kind)).length
      await using running = await hikae.start(['backup', ...SLOWLY, tree])
      const wanted = kind === 'index' ? count : base + count
      await stored(hikae, kind, wanted, running)
      running.kill('SIGKILL')
      const { signal, exitCode } = await running.finished
      // The last moments may be over before the signal comes.
      expect(signal === 'SIGKILL' || exitCode === 0).toBe(true)
      // Right after the index comes the snapshot, which may be there already.
      const left = (await hikae.snapshots()).length
      expect(exitCode === 0 || kind === 'index' ? [1, 2] : [1]).toContain(left)
      await hikae.ok(['check', '--read-data', '--no-lock'])
      // A stale lock does not keep anybody from saving data.
      await hikae.backup([tree])
      await hikae.ok(['unlock'])
      expect(await filesOf(hikae, 'locks')).toEqual([])
      await hikae.check()
      expect(await hikae.snapshots()).toHaveLength(left + 1)
      if (noRestic) return
      await resticOn(hikae).check()
      await resticOn(hikae).ok(['prune', '--max-unused', '0'])
      await hikae.check()
    },
  )
})

describe('other commands that are told to stop', () => {
  test('a check ends with 130 and gives its lock back', async ({ hikae, tree, expect }) => {
    await hikae.backup([tree])
    await using running = await hikae.start(['check', '--read-data'])
    await stored(hikae, 'locks', 1, running)
    running.kill('SIGINT')
    const { exitCode } = await running.finished
    expect([0, 130]).toContain(exitCode)
    expect(await filesOf(hikae, 'locks')).toEqual([])
  })

  test('when nobody reads the output any more, that is the end without a word', async ({ hikae, dir, expect }) => {
    const names = Array.from({ length: 3000 }, (_, n) => [`a file with a longer name, number ${n}`, ''] as const)
    await makeFiles(dir.join('many'), Object.fromEntries(names))
    await hikae.backup(['many'])
    const shell = hikae.with({ program: 'sh' })
    const { stdout, stderr } = await shell.ok(['-c', `"$0" ls latest | head -n 1`, PROGRAM])
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
    expect(await filesOf(hikae, 'locks')).toEqual([])
  })
})

/** Waits until the repository holds so many files of a kind, or the program has ended. */
async function stored(
  hikae: Hikae,
  kind: 'locks' | 'data' | 'index',
  count: number,
  running: RunningProcess,
): Promise<void> {
  await until(async () => (await filesOf(hikae, kind)).length >= count, running)
}
