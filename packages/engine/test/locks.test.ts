import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { acquireLock, lockAndLoad, openLocalBackend, openRepository } from '@hikae/engine'
import { availableRestics, makeTempDir, Restic, runOk, skipBecause, startProcess } from '@hikae/testkit'

const PASSWORD = 'correct horse'
const restics = await availableRestics()
const noRestic = skipBecause(
  restics.length === 0 ? 'no restic: install it or run script/fetch-program restic' : undefined,
)

// oxlint-disable-next-line no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})

describe.for(restics)('restic $version', (binary) => {
  test.skipIf(noRestic)('understands our locks, which say more than its own', async ({ dir, expect }) => {
    const restic = new Restic({ binary, repository: dir.join('repository'), password: PASSWORD })
    await restic.init()
    await using repository = await openRepository(await openLocalBackend(restic.repository), { password: PASSWORD })
    {
      await using _lock = await acquireLock(repository, 'shared')
      const [id] = (await restic.ok(['list', 'locks', '--no-lock'])).stdout.trim().split('\n')
      const lock = JSON.parse((await restic.ok(['cat', 'lock', id!, '--no-lock'])).stdout) as Record<string, unknown>
      expect(lock).toMatchObject({ pid: process.pid, exclusive: false })
      // Another shared lock goes with it, an exclusive one does not, and `unlock` sees that we live: it sends SIGHUP.
      await restic.ok(['snapshots'])
      const { exitCode, stderr } = await restic.run(['check'])
      expect(exitCode).not.toBe(0)
      expect(stderr).toContain(`PID ${process.pid}`)
      const asked = Promise.withResolvers<void>()
      process.once('SIGHUP', asked.resolve)
      await restic.ok(['unlock'])
      await asked.promise
      expect((await restic.ok(['list', 'locks', '--no-lock'])).stdout).toContain(id!)
    }
    await restic.check()
  })

  test.skipIf(noRestic)(
    'keeps us out with the lock of a killed process until that is old: a container may have its name and number',
    async ({ dir, expect }) => {
      const restic = new Restic({ binary, repository: dir.join('repository'), password: PASSWORD })
      await restic.init()
      await runOk('mkfifo', [dir.join('endless')])
      // Open for writing as well, a pipe never ends.
      const args = ['backup', '--no-cache', '--stdin', '--repo', restic.repository]
      await using backup = await startProcess('sh', ['-c', 'exec "$0" "$@" 0<>endless', binary.path, ...args], {
        cwd: dir.path,
        env: { RESTIC_PASSWORD: PASSWORD },
      })
      await using repository = await openRepository(await openLocalBackend(restic.repository), { password: PASSWORD })
      await expect.poll(async () => (await repository.listIds('lock')).length, { timeout: 20_000 }).toBe(1)
      backup.kill('SIGKILL')
      await backup.finished.catch(() => undefined)
      // Its host name and number may be those of a process in another container: only time tells.
      await expect(lockAndLoad(repository, 'exclusive')).rejects.toMatchObject({ code: 'LOCKED' })
      const [lock] = await repository.listIds('lock')
      const long = new Date(Date.now() - 3_600_000)
      await utimes(join(restic.repository, 'locks', lock!.id), long, long)
      await expect(lockAndLoad(repository, 'exclusive')).rejects.toMatchObject({ code: 'LOCKED' })
    },
  )
})
