import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compareTrees, killable, randomBytesOf, runOk } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, test, until } from './fixtures.ts'
import type { Hikae } from './hikae.ts'
import { checkByRestic } from './killing.ts'

const DAYS = 24 * 60 * 60 * 1000

/** A program whose clock is wrong by so much. */
function clockOff(ms: number): Record<string, string> {
  const code = `
    const Real = Date
    globalThis.Date = class extends Real {
      constructor(...args) { args.length === 0 ? super(Real.now() + ${ms}) : super(...args) }
      static now() { return Real.now() + ${ms} }
    }`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` }
}

async function backUpWithClock(hikae: Hikae, ms: number): Promise<string> {
  const summary = await hikae.with({ env: clockOff(ms) }).backup(['tree'])
  return String(summary['snapshot_id'])
}

describe('a clock that was set', () => {
  test('forwards and backwards between backups leaves every snapshot whole, and what changed in it', async ({
    hikae,
    dir,
    expect,
  }) => {
    await makeFiles(dir.join('tree'), { file: randomBytesOf('file', 300_000), other: 'other' })
    const snapshots: { id: string; copy: string }[] = []
    for (const [number, days] of [0, 40, -40, 1].entries()) {
      await appendFile(dir.join('tree/file'), `${number}`)
      const id = await backUpWithClock(hikae, days * DAYS)
      await runOk('cp', ['-a', dir.join('tree'), dir.join(`copy ${number}`)])
      snapshots.push({ id, copy: dir.join(`copy ${number}`) })
    }
    for (const { id, copy } of snapshots) {
      await hikae.restore(id, dir.join(`restored ${id}`))
      expect(await compareTrees(copy, dir.join(`restored ${id}`, 'tree'))).toEqual([])
    }
    await hikae.check()
    await checkByRestic(hikae)
  })

  test('does not make a prune take anything that a snapshot needs', async ({ hikae, dir, expect }) => {
    await makeFiles(dir.join('tree'), { file: randomBytesOf('file', 300_000) })
    const future = await backUpWithClock(hikae, 40 * DAYS)
    await appendFile(dir.join('tree/file'), 'more')
    const present = await backUpWithClock(hikae, 0)
    await hikae
      .with({ env: clockOff(-40 * DAYS) })
      .ok(['forget', '--keep-within', '90d', '--prune', '--max-unused', '0'])
    const left = (await hikae.snapshots()).map(({ id }) => id)
    expect(new Set(left)).toEqual(new Set([future, present]))
    await hikae.check()
    await checkByRestic(hikae)
  })

  test.for([2, -2])(
    'by %i days does not make the lock of a killed program stay for ever',
    async (days, { hikae, dir, expect }) => {
      await makeFiles(dir.join('tree'), { file: randomBytesOf('file', 300_000) })
      const off = clockOff(days * DAYS)
      const kill = killable({ folder: join(hikae.repository, 'data'), at: 1 })
      const env = { ...kill, NODE_OPTIONS: `${kill['NODE_OPTIONS']} ${off['NODE_OPTIONS']}` }
      const { signal } = await hikae.run(['backup', 'tree'], { env })
      expect(signal).toBe('SIGKILL')
      expect(await filesOf(hikae, 'locks')).toHaveLength(1)
      await hikae.ok(['prune'])
      expect(await filesOf(hikae, 'locks')).toEqual([])
    },
  )

  test.for([2, -2])(
    'by %i days does not make others ignore the lock of a program that runs',
    async (days, { hikae, dir, expect }) => {
      const script = 'while ! [ -e go-on ]; do sleep 0.05; done; echo end'
      const backup = ['backup', '--stdin-from-command', '--', 'sh', '-c', script]
      await using running = await hikae.with({ env: clockOff(days * DAYS) }).start(backup, { cwd: dir.path })
      await until(async () => (await filesOf(hikae, 'locks')).length > 0, running)
      const refused = await hikae.run(['prune'])
      expect(refused).toMatchObject({ exitCode: 11 })
      await makeFiles(dir.path, { 'go-on': '' })
      expect(await running.finished).toMatchObject({ exitCode: 0 })
      await hikae.check()
    },
  )
})
