import { readdir, readFile, writeFile } from 'node:fs/promises'
import { makeCheapRepository } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base, until } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

/** Programs hold still what two sources are saved of; one of these waits for a file. */
const test = base.extend('stack', async ({ dir }) => {
  await makeCheapRepository(dir.join('usb'), PASSWORD)
  await makeFiles(dir.path, { 'uploads/a.txt': 'one' })
  const lines = [
    'version: 1',
    'stack: shop',
    'repositories:',
    '  usb: { local: usb, password: { env: HIKAE_PASSWORD } }',
    'sources:',
    '  uploads: { files: { paths: [uploads] } }',
    "  dump: { command: { run: [sh, -c, 'touch begun; while ! [ -e go-on ]; do sleep 0.05; done; echo two'], name: x } }",
    'jobs:',
    '  all:',
    '    sources: [uploads, dump]',
    '    consistent: together',
    "    hold: { before: [sh, -c, 'echo $HIKAE_JOB held >>said'], after: [sh, -c, 'echo $HIKAE_JOB goes on >>said'] }",
    '  files: { sources: [uploads] }',
  ]
  await writeFile(dir.join('hikae.yaml'), `${lines.join('\n')}\n`)
  return new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
})

describe.concurrent('a job whose sources are saved together', () => {
  test('lets everything go on when it was killed, at the next start of anything', async ({ stack, dir, expect }) => {
    const said = (): Promise<string> => readFile(dir.join('said'), 'utf8')
    await using backup = await stack.start(['backup', 'all'])
    await until(async () => (await readdir(dir.path)).includes('begun'), backup)
    expect(await said()).toBe('all held\n')
    backup.kill('SIGKILL')
    await backup.finished
    expect(await said()).toBe('all held\n')
    await stack.ok(['backup', 'files'])
    expect(await said()).toBe('all held\nall goes on\n')
    await writeFile(dir.join('go-on'), '')
    const { stdout } = await stack.ok(['backup', 'all'])
    expect(stdout).toMatch(/^job all succeeded$/m)
    expect(await said()).toBe('all held\nall goes on\nall held\nall goes on\n')
    const { stdout: run } = await stack.ok(['history', '--job', 'all', '--last', '1', '--json'])
    expect(run).toContain('"kind":"hold"')
    const repository = new Hikae({ repository: dir.join('usb') })
    const [{ id }] = (await repository.snapshots(['--tag', 'source=dump'])) as [{ id: string }]
    const { stdout: manifest } = await repository.ok(['dump', id, '/.hikae/manifest.json'])
    expect(JSON.parse(manifest)).toMatchObject({ consistent: { together: expect.stringMatching(/^\d{8}T/) as string } })
  })

  test('has to say what holds still, and nothing else may say it', async ({ stack, dir, expect }) => {
    const text = await readFile(dir.join('hikae.yaml'), 'utf8')
    const problemsOf = async (from: string | RegExp, to: string): Promise<string> => {
      await writeFile(dir.join('other.yaml'), text.replace(from, to))
      const { exitCode, stderr } = await stack.run(['--config', 'other.yaml', 'config', 'check'])
      expect(exitCode).toBe(2)
      return stderr
    }
    expect(await problemsOf(/ {4}hold: .*\n/, '')).toContain('consistent: together needs hold:')
    expect(await problemsOf('    consistent: together\n', '')).toContain('hold: is for jobs with consistent: together')
    expect(await problemsOf(/hold: .*/, 'hold: { stop: [app], pause: [app] }')).toContain(
      'hold.pause: app is stopped already',
    )
    expect(await problemsOf(/hold: .*/, 'hold: { before: [sync] }')).toContain('hold: after: is missing')
  })
})
