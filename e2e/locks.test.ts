import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesOf, isRoot, missingPrograms, skipBecause, startProcess, type RunningProcess } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, resticOn, test as base, until } from './fixtures.ts'
import { type Hikae, PROGRAM } from './hikae.ts'

const noPty = skipBecause(await missingPrograms('script'))
const noNamespaces = skipBecause(isRoot() ? await missingPrograms('unshare') : 'namespaces need root')

const test = base.extend('tree', async ({ dir }) => {
  const files = Array.from({ length: 20 }, (_, n) => [`file ${n}`, bytesOf(n, 2_000_000, 'half')] as const)
  return await makeFiles(dir.join('tree'), Object.fromEntries(files))
})

const SLOWLY = ['--compression', 'max', '--pack-size', '4', '--read-concurrency', '1']

async function startBackup(hikae: Hikae, tree: string): Promise<RunningProcess> {
  const running = await hikae.start(['backup', ...SLOWLY, tree])
  await until(async () => (await filesOf(hikae, 'data')).length > 0, running)
  return running
}

describe('the lock of a process that was killed', () => {
  test('is removed by the next one that needs the repository, which says so', async ({ hikae, dir, tree, expect }) => {
    await writeFile(dir.join('other'), 'other')
    await using running = await startBackup(hikae, tree)
    running.kill('SIGKILL')
    await running.finished
    expect(await filesOf(hikae, 'locks')).toHaveLength(1)
    const { stderr } = await hikae.ok(['key', 'passwd', '--new-password-file', dir.join('other')])
    expect(stderr).toMatch(/warning: removed the lock of process \d+ of .*: that process has ended/)
    expect(await filesOf(hikae, 'locks')).toEqual([])
  })

  test.skipIf(noNamespaces)(
    'in another container keeps others out, as that of a living one there',
    async ({ hikae, dir, tree, expect }) => {
      await writeFile(dir.join('other'), 'other')
      // A process namespace of its own, as a container has; there the program has a number that nobody has here.
      await using running = await startProcess(
        'unshare',
        ['--pid', '--fork', '--kill-child', '--mount-proc', PROGRAM, 'backup', ...SLOWLY, tree],
        { env: { HIKAE_REPOSITORY: hikae.repository, HIKAE_PASSWORD: hikae.password }, timeoutMs: 150_000 },
      )
      await until(async () => (await filesOf(hikae, 'data')).length > 0, running)
      const forcing = await hikae.run(['key', 'passwd', '--new-password-file', dir.join('other')])
      expect(forcing).toMatchObject({ exitCode: 11 })
      expect((await running.finished).exitCode).toBe(0)
      expect(await filesOf(hikae, 'locks')).toEqual([])
    },
  )
})

describe('the lock of a running process', () => {
  test.skipIf(noRestic)('is left alone by restic unlock, and so is the process', async ({ hikae, tree, expect }) => {
    await using running = await startBackup(hikae, tree)
    await resticOn(hikae).ok(['unlock'])
    expect(await filesOf(hikae, 'locks')).toHaveLength(1)
    expect((await running.finished).exitCode).toBe(0)
    await hikae.check()
  })

  test.skipIf(noPty)('is given back when the terminal is closed', async ({ hikae, tree, expect }) => {
    await using terminal = await startProcess(
      'script',
      ['-qec', `'${PROGRAM}' backup ${SLOWLY.join(' ')} '${tree}'`, '/dev/null'],
      { env: { HIKAE_REPOSITORY: hikae.repository, HIKAE_PASSWORD: hikae.password }, timeoutMs: 150_000 },
    )
    await until(async () => (await filesOf(hikae, 'data')).length > 0, terminal)
    terminal.kill('SIGKILL')
    await expect.poll(() => filesOf(hikae, 'locks'), { timeout: 60_000 }).toEqual([])
    expect(await readdir(join(hikae.repository, 'snapshots'))).toEqual([])
  })
})
