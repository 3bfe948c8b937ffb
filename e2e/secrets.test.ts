import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOk } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, test as base, until } from './fixtures.ts'
import { Hikae } from './hikae.ts'

const SECRET = 'Xq7-secret-of-this-test'

const test = base.extend('secretive', async ({ dir }) => {
  await makeFiles(dir.path, { 'tree/file': 'content', password: `${SECRET}\n` })
  const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path, password: SECRET })
  await hikae.init()
  return hikae
})

describe('the password', () => {
  test('is in nobody’s command line, title or file, while a backup runs', async ({ secretive, dir, expect }) => {
    const file = secretive.with({ env: { HIKAE_PASSWORD_FILE: dir.join('password') } })
    const wait = ['--', 'sh', '-c', 'while [ ! -e go ]; do sleep 0.02; done; echo done']
    await using running = await file.start(['-vv', 'backup', '--stdin-from-command', ...wait])
    await until(async () => (await filesOf(file, 'locks')).length > 0, running)
    for (const process of await readdir('/proc')) {
      if (!/^\d+$/.test(process)) continue
      for (const what of ['cmdline', 'comm']) {
        const text = await readFile(join('/proc', process, what), 'latin1').catch(() => '')
        expect(text.includes(SECRET), `${what} of ${process}`).toBe(false)
      }
    }
    await makeFiles(dir.path, { go: '' })
    const { stdout, stderr, exitCode } = await running.finished
    expect(exitCode).toBe(0)
    expect(stdout + stderr).not.toContain(SECRET)
    const { stdout: found } = await runOk('sh', ['-c', `grep -rlF '${SECRET}' repository || true`], { cwd: dir.path })
    expect(found).toBe('')
  })

  test('is in no output, whatever goes wrong', async ({ secretive, dir, expect }) => {
    const commands = [
      ['-vv', 'snapshots'],
      ['-vv', '--json', 'ls', 'latest'],
      ['-vv', 'restore', 'latest', '--target', 'password/below'],
      ['-vv', 'snapshots', '-p', dir.join('tree')],
      ['-vv', 'cat', 'key', '00'],
      ['-vv', 'snapshots', '-r', `s3:https://user:${SECRET}@host/bucket`],
      ['-vv', 'snapshots', '--password-command', `echo ${SECRET}; exit 1`],
      ['version'],
    ]
    for (const command of commands) {
      const { stdout, stderr } = await secretive.run(command, { env: { HIKAE_DEBUG: '1' } })
      expect(stdout + stderr, command.join(' ')).not.toContain(SECRET)
    }
  })

  test('files of a repository are for their owner only', async ({ secretive, dir, expect }) => {
    await secretive.ok(['backup', 'tree'])
    const { stdout } = await runOk('find', [dir.join('repository'), '-perm', '/077', '-printf', '%m %P\n'])
    expect(stdout).toBe('')
  })
})
