import { execFileSync } from 'node:child_process'
import { access, chmod, mkdir, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { makeCheapRepository, makeLoopDisk, missingPrograms, skipBecause, whyNoLoopDisk } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, noRestic, restics, test as base } from './fixtures.ts'
import { Hikae, type Message, PASSWORD, PROGRAM } from './hikae.ts'

const noTerminal = skipBecause(await missingPrograms('script', 'mkfifo'))
const noDisk = skipBecause(await whyNoLoopDisk())

/** `hikae` runs in the folder of an application that has everything the wizard knows. */
const test = base.extend('hikae', async ({ dir }) => {
  await makeFiles(dir.join('app'), {
    '.env': 'TOKEN=1\n',
    'docker-compose.yml': 'services: {}\n',
    'uploads/$HOME [1]*.txt': 'hello',
    'node_modules/dependency/.env': 'made again',
    'outside/.keep': '',
  })
  await symlink('/etc', dir.join('app/outside/etc'))
  await mkdir(dir.join('app/data'))
  using database = new DatabaseSync(dir.join('app/data/shop.data'))
  database.exec('create table orders as select 1 as id')
  const git = (...args: string[]): unknown => execFileSync('git', ['-C', dir.join('app'), ...args], { stdio: 'ignore' })
  git('init')
  git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--allow-empty', '-m', 'first')
  return new Hikae({ cwd: dir.join('app'), env: { XDG_STATE_HOME: dir.join('state') } })
})

const INIT = ['init', '--yes', '--password-file', '../secret/password']

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

/** The program on a terminal of its own; what is typed goes through a pipe. */
async function onTerminal(hikae: Hikae, dir: string, args: readonly string[]) {
  const pipe = `${dir}/home/typed`
  await mkdir(`${dir}/home`)
  execFileSync('mkfifo', [pipe])
  const typed = await open(pipe, 'r+')
  // A terminal that says how wide it is; that of script does not.
  const line = `stty cols 100 rows 40; ${[PROGRAM, ...args].map((word) => `'${word}'`).join(' ')}`
  const running = await hikae
    .with({ program: 'sh' })
    .start(['-c', 'exec script -qec "$0" /dev/null <"$1"', line, pipe], { timeoutMs: 60_000 })
  return {
    printed: async (text: string): Promise<void> => await running.printed(text),
    finished: running.finished,
    type: async (text: string): Promise<void> => void (await typed.write(text)),
    async [Symbol.asyncDispose](): Promise<void> {
      await running[Symbol.asyncDispose]()
      await typed.close()
    },
  }
}

describe.concurrent('hikae init --yes', () => {
  test('sets up all that it finds, so that the first backup succeeds', async ({ hikae, dir, expect }) => {
    const { stderr } = await hikae.ok([...INIT, '--to', '../one', '--to', '../two $X', '--kit', '../kit'])
    expect(stderr).toContain('is on the same disk as the data')
    const checked = await hikae.ok(['config', 'check'])
    expect(checked.stdout).toContain('hikae.yaml is fine (repositories: 2, sources: 4, jobs: 1)')
    expect(checked.stderr).toBe('')
    const { stdout } = await hikae.ok(['backup'])
    for (const source of ['settings', 'databases', 'app-git', 'files']) {
      expect(stdout).toMatch(new RegExp(`^  ${source} +succeeded .* in local, local-2`, 'm'))
    }
    const saved = await hikae.paths('latest', ['--repo', 'local-2', '--tag', 'source=files'])
    const below = saved
      .filter((path) => path.startsWith(dir.join('app/')))
      .map((path) => path.slice(dir.join('app/').length))
    expect(below).toEqual(expect.arrayContaining(['uploads/$HOME [1]*.txt', 'outside/etc', '.env', 'hikae.yaml']))
    expect(below.filter((path) => /^(\.git|node_modules|data\/shop\.data|outside\/etc\/)/.test(path))).toEqual([])
    const settings = await hikae.paths('latest', ['--repo', 'local', '--tag', 'source=settings'])
    expect(settings.filter((path) => path.includes('node_modules'))).toEqual([])
    expect(settings).toContain(dir.join('app/docker-compose.yml'))
  })

  test('makes repositories that cut content alike, and secrets that only their owner reads', async ({
    hikae,
    dir,
    expect,
  }) => {
    await hikae.ok([...INIT, '--to', '../one', '--to', '../two', '--kit', '../kit'])
    const [one, two] = await Promise.all(
      ['local', 'local-2'].map(async (repo) => await hikae.document(['cat', 'config', '--repo', repo])),
    )
    expect(one!['chunker_polynomial']).toBe(two!['chunker_polynomial'])
    expect(one!['id']).not.toBe(two!['id'])
    const modes = await Promise.all(
      ['secret', 'secret/password', 'kit', 'app/hikae.yaml'].map((path) => modeOf(dir.join(path))),
    )
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o644])
    const password = (await readFile(dir.join('secret/password'), 'utf8')).trim()
    expect(password).toMatch(/^([a-km-np-z2-9]{5}-){6}[a-km-np-z2-9]{5}$/)
    expect(await readFile(dir.join('app/hikae.yaml'), 'utf8')).not.toContain(password)
  })

  test.skipIf(noRestic)(
    'writes a kit whose commands bring everything back with stock restic',
    async ({ hikae, dir, expect }) => {
      const { stdout } = await hikae.ok([...INIT, '--to', "../it's one", '--kit', '../kit'])
      const kit = await readFile(dir.join('kit'), 'utf8')
      const password = /^Password.*\n {2}(.*)$/m.exec(kit)![1]!
      expect(stdout).not.toContain(password)
      await hikae.ok(['backup'])
      // As on a bare machine: nothing but the kit is used.
      const commands = kit.split('\n').filter((line) => line.startsWith('  restic '))
      expect(commands).toHaveLength(3)
      const bin = dir.join('bin')
      await mkdir(bin)
      await symlink(restics[0]!.path, `${bin}/restic`)
      await rm(dir.join('secret'), { recursive: true })
      for (const command of commands) {
        const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: dir.join('home'), RESTIC_PASSWORD: password }
        execFileSync('sh', ['-c', command], { cwd: dir.path, env, stdio: 'pipe' })
      }
      expect(await readFile(dir.join('restored', dir.join('app/uploads/$HOME [1]*.txt')), 'utf8')).toBe('hello')
      expect(await readFile(dir.join('restored/.hikae/stack/0-hikae.yaml'), 'utf8')).toContain('stack: app')
    },
  )

  test('without --kit shows no password, and says where it is', async ({ hikae, dir, expect }) => {
    const { stdout } = await hikae.ok([...INIT, '--to', '../one'])
    expect(stdout).toContain(`in ${dir.join('secret/password')}: write it down here`)
    expect(stdout).not.toContain((await readFile(dir.join('secret/password'), 'utf8')).trim())
  })

  test('uses a password and repositories that are there, so that a run that was stopped can be repeated', async ({
    hikae,
    dir,
    expect,
  }) => {
    await makeFiles(dir.path, { 'secret/password': `${PASSWORD}\n` })
    await chmod(dir.join('secret/password'), 0o600)
    await makeCheapRepository(dir.join('one'), PASSWORD)
    const done = await hikae.document([...INIT, '--to', '../one', '--to', '../two'])
    expect(done).toMatchObject({
      message_type: 'initialized',
      password_file: { new: false },
      repositories: [{ new: false }, { new: true }],
    })
    expect(await readFile(dir.join('secret/password'), 'utf8')).toBe(`${PASSWORD}\n`)
    await hikae.ok(['snapshots', '--repo', 'local-2'])
  })

  test('--dry-run shows everything and makes nothing', async ({ hikae, dir, expect }) => {
    const before = await readdir(dir.path, { recursive: true })
    const { stdout } = await hikae.ok([...INIT, '--dry-run', '--to', '../one', '--kit', '../kit'])
    for (const text of ['secret/password', dir.join('one'), 'hikae.yaml', dir.join('kit'), 'schedule: daily'])
      expect(stdout).toContain(text)
    expect((await readdir(dir.path, { recursive: true })).toSorted()).toEqual(before.toSorted())
  })
})

/** Each has to end with 2, and to leave nothing behind. */
const REFUSED: readonly { name: string; args: readonly string[]; says: RegExp }[] = [
  { name: 'a repository inside of the data', args: ['--to', './backup'], says: /one inside the other/ },
  { name: 'data inside of the repository', args: ['--to', '..'], says: /one inside the other/ },
  { name: 'a repository through a link into the data', args: ['--to', '../link/x'], says: /one inside the other/ },
  { name: 'one place twice', args: ['--to', '../one', '--to', '../app/../one'], says: /is named twice/ },
  {
    name: 'a password in an address',
    args: ['--to', 'rest:http://me:hunter2@localhost:1/'],
    says: /HIKAE_REST_PASSWORD/,
  },
  { name: 'a repository with another password', args: ['--to', '../other'], says: /already, with another password/ },
  { name: 'a kit that is there', args: ['--to', '../one', '--kit', '.env'], says: /nothing is overwritten/ },
  {
    name: 'options of a repository',
    args: ['--to', '../one', '--copy-chunker-params'],
    says: /no repository is named/,
  },
]

describe.concurrent('hikae init refuses', () => {
  for (const { name, args, says } of REFUSED) {
    test(name, async ({ hikae, dir, expect }) => {
      await makeCheapRepository(dir.join('other'), 'other')
      await symlink(dir.join('app'), dir.join('link'))
      const { exitCode, stderr, stdout } = await hikae.run([...INIT, ...args])
      expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(says) as string })
      expect(stdout + stderr).not.toContain('hunter2')
      expect((await readdir(dir.path)).toSorted()).toEqual(['app', 'link', 'other'])
      expect(await isThere(dir.join('app/hikae.yaml'))).toBe(false)
    })
  }

  test('to set up a stack where there is one, and then creates its repositories only', async ({
    hikae,
    dir,
    expect,
  }) => {
    await writeFile(
      dir.join('app/hikae.yaml'),
      'version: 1\nrepositories: { usb: { local: ../usb, password: { env: HIKAE_PASSWORD } } }\n',
    )
    const refused = await hikae.run([...INIT, '--to', '../one'])
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is the stack file') as string })
    expect((await hikae.ok(['init'])).stdout).toMatch(/^created repository \w{8} at .*usb/)
  })

  test('to guess when nobody can be asked', async ({ hikae, expect }) => {
    const { exitCode, stderr } = await hikae.run(['init'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('add --yes --to')
  })

  test('a folder with nothing in it', async ({ hikae, dir, expect }) => {
    await mkdir(dir.join('empty'))
    const { exitCode, stderr } = await hikae.run([...INIT, '--to', '../one'], { cwd: dir.join('empty') })
    expect(exitCode).toBe(2)
    expect(stderr).toContain('there is nothing in')
  })
})

/** What is left of a repository without its config: nothing is made over it. */
const REMAINS = { [`two/keys/${'0'.repeat(64)}`]: 'x' }

describe.concurrent('hikae init that cannot go on', () => {
  test('takes back a password that opens nothing', async ({ hikae, dir, expect }) => {
    await makeFiles(dir.path, REMAINS)
    const failed = await hikae.run([...INIT, '--to', '../two'])
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).not.toContain('made so far')
    expect(await isThere(dir.join('secret/password'))).toBe(false)
    expect(await isThere(dir.join('app/hikae.yaml'))).toBe(false)
  })

  test('keeps a password that opens a repository, and the next run goes on from there', async ({
    hikae,
    dir,
    expect,
  }) => {
    await makeFiles(dir.path, REMAINS)
    const args = [...INIT, '--to', '../one', '--to', '../two']
    const failed = await hikae.run(args)
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toContain(`made so far: ${dir.join('one')}`)
    expect(await isThere(dir.join('app/hikae.yaml'))).toBe(false)
    await rm(dir.join('two'), { recursive: true })
    const done = await hikae.document<{ repositories: Message[] }>(args)
    expect(done.repositories.map((repository) => repository['new'])).toEqual([false, true])
  })
})

describe.skipIf(noDisk)('hikae init with a disk', () => {
  test('binds a repository on it to that disk when it can be taken away', async ({ hikae, expect }) => {
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await disk.mount()
    await hikae.ok([...INIT, '--to', `${disk.mountPoint}/hikae`])
    const shown = await hikae.document<{ repositories: Record<string, { disk?: Message }> }>(['config', 'show'])
    const disks = await hikae.document<Message[]>(['disk', 'list', '--all'])
    const isRemovable = disks.find(({ device }) => device === disk.device)!['removable'] === true
    const bound = Object.values(shown.repositories)[0]!.disk
    expect(bound).toEqual(isRemovable ? { uuid: await disk.uuid(), mount: disk.mountPoint } : undefined)
  })
})

describe.skipIf(noTerminal)('hikae init on a terminal', () => {
  test('asks, makes nothing before the last answer, and shows the kit when it is asked to', async ({
    hikae,
    dir,
    expect,
  }) => {
    await using terminal = await onTerminal(hikae, dir.path, ['init', '-p', '../secret/password', '--to', '../one'])
    await terminal.printed('What is this stack called?')
    await terminal.type('\r')
    await terminal.printed('What is to be saved?')
    await terminal.type('\r')
    await terminal.printed('Make all this now?')
    expect(await readdir(dir.path)).not.toContain('one')
    await terminal.type('y')
    await terminal.printed('Show the recovery kit')
    await terminal.type('y')
    expect((await terminal.finished).exitCode).toBe(0)
    const password = (await readFile(dir.join('secret/password'), 'utf8')).trim()
    expect((await terminal.finished).stdout).toContain(password)
    await hikae.ok(['config', 'check'])
  })

  test('leaves nothing behind when it is stopped at a question', async ({ hikae, dir, expect }) => {
    await using terminal = await onTerminal(hikae, dir.path, ['init', '-p', '../secret/password', '--to', '../one'])
    await terminal.printed('What is this stack called?')
    await terminal.type('\u0003')
    expect((await terminal.finished).exitCode).toBe(130)
    expect((await readdir(dir.path)).filter((name) => name !== 'home' && name !== 'state')).toEqual(['app'])
    expect(await isThere(dir.join('app/hikae.yaml'))).toBe(false)
  })
})
