import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { makeCheapRepository } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, test as base, until } from './fixtures.ts'
import { Hikae, PASSWORD } from './hikae.ts'

interface Report {
  readonly fine: boolean
  readonly diagnoses: readonly { subject: string; verdict: string; message: string; hint: string | null }[]
}

const STACK = `version: 1
stack: shop
repositories:
  usb: { local: usb, password: { file: password } }
sources:
  uploads: { files: { paths: [uploads] } }
jobs:
  nightly: { schedule: daily }
`

/** `hikae` runs beside a stack file with one job, one source and one repository that has a snapshot. */
const test = base.extend('hikae', async ({ dir }) => {
  await makeFiles(dir.path, { 'hikae.yaml': STACK, password: PASSWORD, 'uploads/a': 'a' })
  await chmod(dir.join('password'), 0o600)
  await makeCheapRepository(dir.join('usb'), PASSWORD)
  await mkdir(dir.join('system'))
  const hikae = new Hikae({ cwd: dir.path, env: { XDG_STATE_HOME: dir.join('state') } })
  await hikae.ok(['backup'])
  return hikae
})

/** What is said of one subject, and the exit code. */
async function examine(hikae: Hikae, dir: { join(name: string): string }) {
  const { stdout, exitCode } = await hikae.run(['--json', 'doctor', '--root', dir.join('system')])
  const { diagnoses } = JSON.parse(stdout) as Report
  return { exitCode, of: (subject: string) => diagnoses.filter((diagnosis) => diagnosis.subject === subject) }
}

describe.concurrent('hikae doctor', () => {
  test('has a line for everything, with the next step where something should be otherwise', async ({
    hikae,
    dir,
    expect,
  }) => {
    const { exitCode, stdout } = await hikae.run(['doctor', '--root', dir.join('system')])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^ok {7}program: hikae \S+ with Node\.js \d+/m)
    expect(stdout).toContain(`ok       stack file: ${dir.join('hikae.yaml')}\n`)
    expect(stdout).toContain('ok       source uploads: uploads\n')
    expect(stdout).toMatch(
      /^warning {2}repository usb: is on .*, as the live data is: one accident takes both\n {11}next: /m,
    )
    expect(stdout).toMatch(/^warning {2}copies: the live data included, 1 of 3 copies, .*none off-site\n {11}next: /m)
    expect(stdout).toMatch(
      /^warning {2}schedule: nothing on this machine begins nightly\n {11}next: hikae schedule install/m,
    )
    expect(stdout).toMatch(
      /^warning {2}maintenance: jobs run by themselves, and nothing checks or prunes the repositories: .*\n {11}next: add to hikae\.yaml: maintenance: /m,
    )
    expect(stdout.trimEnd()).toMatch(/\n4 warnings$/)
    const quiet = await hikae.run(['--quiet', 'doctor', '--root', dir.join('system')])
    expect(quiet.stdout).not.toMatch(/^ok/m)
  })

  test('changes nothing', async ({ hikae, dir, expect }) => {
    const before = (await readdir(dir.path, { recursive: true })).toSorted()
    await examine(hikae, dir)
    expect((await readdir(dir.path, { recursive: true })).toSorted()).toEqual(before)
  })

  test('says what is wrong with a source, and which no job saves', async ({ hikae, dir, expect }) => {
    await rm(dir.join('uploads'), { recursive: true })
    await writeFile(
      dir.join('hikae.yaml'),
      STACK.replace('jobs:', '  tool: { command: { run: [no-such-program-here], name: x } }\njobs:').replace(
        'daily',
        'daily, sources: [uploads]',
      ),
    )
    const { exitCode, of } = await examine(hikae, dir)
    expect(exitCode).toBe(1)
    expect(of('source uploads')).toMatchObject([{ verdict: 'error', hint: expect.any(String) as string }])
    expect(of('source tool')).toMatchObject([
      { verdict: 'error', message: expect.stringContaining('no-such-program-here') as string },
      { verdict: 'warning', message: 'no job saves it' },
    ])
  })

  test('says that a repository is not there, or that the password is another', async ({ hikae, dir, expect }) => {
    await makeCheapRepository(dir.join('other'), 'other')
    await writeFile(
      dir.join('hikae.yaml'),
      STACK.replace(
        'sources:',
        '  other: { local: other, password: { file: password } }\n  gone: { local: gone, password: { file: password } }\nsources:',
      ),
    )
    const { exitCode, of } = await examine(hikae, dir)
    expect(exitCode).toBe(1)
    expect(of('repository other')).toMatchObject([
      { verdict: 'error', message: expect.stringContaining('the password') as string },
    ])
    expect(of('repository gone')).toMatchObject([
      { verdict: 'error', hint: expect.stringContaining('hikae init') as string },
    ])
  })

  test('says that others can read the password file', async ({ hikae, dir, expect }) => {
    await chmod(dir.join('password'), 0o644)
    const { of } = await examine(hikae, dir)
    expect(of('repository usb')).toContainEqual(
      expect.objectContaining({ verdict: 'warning', hint: `chmod 600 ${dir.join('password')}` }),
    )
  })

  test('says how maintenance is scheduled, and what it lacks', async ({ hikae, dir, expect }) => {
    const write = async (maintenance: string): Promise<void> =>
      await writeFile(
        dir.join('hikae.yaml'),
        `${STACK.replace('daily', 'daily, keep: { last: 1 }')}maintenance: ${maintenance}\n`,
      )
    await write('{ check: weekly, readData: 5% }')
    expect((await examine(hikae, dir)).of('maintenance')).toMatchObject([
      { verdict: 'warning', message: expect.stringContaining('nothing prunes') as string },
    ])
    await write('{ check: weekly, prune: monthly }')
    expect((await examine(hikae, dir)).of('maintenance')).toMatchObject([
      { verdict: 'ok', message: 'check weekly, prune monthly' },
    ])
  })

  test('says that a snapshot cannot be read', async ({ hikae, dir, expect }) => {
    const [name] = await readdir(dir.join('usb/snapshots'))
    await chmod(dir.join('usb/snapshots', name!), 0o600)
    await writeFile(dir.join('usb/snapshots', name!), 'damaged')
    const { exitCode, of } = await examine(hikae, dir)
    expect(exitCode).toBe(1)
    expect(of('repository usb')).toContainEqual(
      expect.objectContaining({ verdict: 'error', message: '1 snapshot cannot be read' }),
    )
  })

  test('says that the clock is behind the newest snapshot', async ({ hikae, dir, expect }) => {
    await hikae.ok(['backup', '--repo', 'usb', '--time', '2999-01-01 00:00:00', 'uploads'])
    const { exitCode, of } = await examine(hikae, dir)
    expect(exitCode).toBe(1)
    expect(of('repository usb')).toContainEqual(
      expect.objectContaining({ verdict: 'error', hint: expect.stringContaining('timedatectl') as string }),
    )
  })

  test('says nothing of the lock of a backup that runs', async ({ hikae, dir, expect }) => {
    await writeFile(dir.join('hold'), '')
    const fill = `touch begun; while [ -e hold ]; do sleep 0.05; done; echo x`
    await using running = await hikae.start(['backup', '--repo', 'usb', '--stdin-from-command', '--', 'sh', '-c', fill])
    await until(async () => (await readdir(dir.path)).includes('begun'), running)
    expect(
      (await examine(hikae, dir))
        .of('repository usb')
        .map(({ message }) => message)
        .join(),
    ).not.toContain('lock')
    running.kill('SIGKILL')
    await rm(dir.join('hold'))
  })

  test('knows that the daemon runs', async ({ hikae, dir, expect }) => {
    await using daemon = await hikae.start(['daemon'])
    await daemon.printed('job nightly: ')
    expect((await examine(hikae, dir)).of('schedule')).toMatchObject([
      { verdict: 'ok', message: 'hikae daemon is running' },
    ])
    daemon.kill('SIGTERM')
    await daemon.finished
  })

  test('knows what is installed to begin the jobs', async ({ hikae, dir, expect }) => {
    await makeFiles(dir.join('system'), { 'etc/cron.d/.keep': '' })
    await hikae.ok(['schedule', 'install', '--with', 'cron', '--root', dir.join('system')])
    expect((await examine(hikae, dir)).of('schedule')).toMatchObject([
      { verdict: 'ok', message: expect.stringContaining('etc/cron.d') as string },
    ])
  })

  test('shows what is wrong with the stack file, and examines nothing else', async ({ hikae, dir, expect }) => {
    await writeFile(dir.join('hikae.yaml'), `${STACK}job: {}\n`)
    const { exitCode, of } = await examine(hikae, dir)
    expect(exitCode).toBe(1)
    expect(of('stack file')).toMatchObject([
      { verdict: 'error', message: expect.stringContaining('did you mean jobs?') as string },
    ])
    expect(of('source uploads')).toEqual([])
    await rm(dir.join('hikae.yaml'))
    expect(await hikae.run(['doctor'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('hikae init') as string,
    })
  })
})
