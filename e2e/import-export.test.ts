import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  compareTrees,
  findProgram,
  makeHostileTree,
  makeSmallDisk,
  makeTempDir,
  missingPrograms,
  randomBytesOf,
  runOk,
  runProcess,
  skipBecause,
  whyNoSmallDisk,
  type TempDir,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, noRestic, noTreeTools, resticOn, test, testWithCopyOf, until } from './fixtures.ts'
import { Hikae, jsonLines, type Message } from './hikae.ts'

const noPackers = skipBecause(await missingPrograms('tar', 'gzip', 'zstd', 'xz'))
const noAge = skipBecause(await missingPrograms('age', 'age-keygen'))
const noGpg = skipBecause(await missingPrograms('gpg', 'gpgconf'))
const noSmallDisk = skipBecause(await whyNoSmallDisk())

const ZONE = ['--time-zone', 'Asia/Tokyo']

/** Rows of a table, of which one more is there every day. */
function rows(days: number): string {
  const lines = Array.from(
    { length: 20_000 },
    (_, row) => `insert into orders values (${row}, '${(row * 7919) % 10_007}');`,
  )
  return [...lines, ...lines.slice(0, days)].join('\n')
}

/** What a folder of scripts has left: two series, three days. */
async function makeOldBackups(dir: TempDir): Promise<string> {
  const folder = dir.join('backup')
  await mkdir(folder)
  for (const day of [1, 2, 3]) {
    const tree = await makeFiles(dir.join('app'), {
      'app/config': `day ${day}`,
      'app/noise': randomBytesOf('noise', 3_000_000),
    })
    await writeFile(dir.join('dump'), rows(day))
    const script = `gzip -c dump > backup/shop_2025-01-0${day}.sql.gz; tar czf backup/mirai_full_2025010${day}_020304.tar.gz -C "$0" app`
    await runOk('sh', ['-c', script, tree], { cwd: dir.path })
  }
  await writeFile(join(folder, 'notes.txt'), 'not a backup')
  await symlink('mirai_full_20250103_020304.tar.gz', join(folder, 'LATEST'))
  return folder
}

function ofType(messages: readonly Message[], type: string): Message[] {
  return messages.filter(({ message_type }) => message_type === type)
}

describe.skipIf(noPackers).concurrent('import', () => {
  test('makes a snapshot of each dated backup, of its own time, and stores once what repeats', async ({
    dir,
    hikae,
    expect,
  }) => {
    await makeOldBackups(dir)
    const messages = await hikae.messages(['import', 'backup', '--host', 'web1', '--tag', 'old', ...ZONE])
    const imported = ofType(messages, 'imported')
    expect(imported.map(({ time, path }) => `${String(time)} ${String(path)}`)).toEqual([
      '2024-12-31T15:00:00.000Z /shop.sql',
      '2024-12-31T17:03:04.000Z /mirai_full',
      '2025-01-01T15:00:00.000Z /shop.sql',
      '2025-01-01T17:03:04.000Z /mirai_full',
      '2025-01-02T15:00:00.000Z /shop.sql',
      '2025-01-02T17:03:04.000Z /mirai_full',
    ])
    const added = imported.map(({ data_added }) => Number(data_added))
    expect(added[0]).toBeGreaterThan(700_000)
    expect(added[1]).toBeGreaterThan(3_000_000)
    for (const later of added.slice(2)) expect(later).toBeLessThan(200_000)
    expect(ofType(messages, 'summary')).toMatchObject([{ imported: 6, skipped: 0, failed: 0 }])
    const left = ofType(messages, 'summary')[0]!['left_out'] as string[]
    expect(left.map((path) => path.split('/').at(-1))).toEqual(['LATEST', 'notes.txt'])

    const snapshots = await hikae.snapshots(['--host', 'web1', '--path', '/mirai_full'])
    expect(snapshots.map(({ tags }) => tags)).toEqual(
      [1, 2, 3].map((day) => ['hikae', 'imported', `origin=mirai_full_2025010${day}_020304.tar.gz`, 'old']),
    )
    expect(snapshots.slice(1).map(({ parent }) => parent)).toEqual(snapshots.slice(0, -1).map(({ id }) => id))
    const dump = await hikae.ok(['dump', 'latest', '/shop.sql', '--path', '/shop.sql'])
    expect(dump.stdout).toBe(rows(3))
    const config = await hikae.ok(['dump', String(snapshots[0]!['id']), '/app/config'])
    expect(config.stdout).toBe('day 1')
    await hikae.check()
  })

  test('leaves out what it has imported before, and goes on where it was killed', async ({ dir, hikae, expect }) => {
    await makeOldBackups(dir)
    const running = await hikae.start(['--json', 'import', 'backup', ...ZONE])
    await running.printed('"imported"')
    running.kill('SIGKILL')
    await running.finished
    const before = (await hikae.snapshots()).length
    expect(before).toBeGreaterThan(0)
    const messages = await hikae.messages(['import', 'backup', ...ZONE])
    expect(ofType(messages, 'skipped').length).toBe(before)
    expect(ofType(messages, 'imported').length).toBe(6 - before)
    const again = await hikae.ok(['import', 'backup', ...ZONE])
    expect(again.stdout).toContain('0 imported, 6 imported before, 0 problems')
    expect(await hikae.snapshots()).toHaveLength(6)
    await hikae.check()
  })

  test('tells with --dry-run what it would do, and stores nothing', async ({ dir, hikae, expect }) => {
    await makeOldBackups(dir)
    const { stdout } = await hikae.ok(['import', 'backup', '--dry-run', '--host', 'web1', ...ZONE], {
      env: { TZ: 'Asia/Tokyo' },
    })
    expect(stdout).toContain(`${dir.join('backup')}/mirai_full_20250102_020304.tar.gz
  time  2025-01-02 02:03:04, from its name
  as    /mirai_full of host web1
  tags  hikae, imported, origin=mirai_full_20250102_020304.tar.gz`)
    expect(stdout).toContain('6 would be imported')
    expect(await hikae.snapshots()).toEqual([])
    expect(await filesOf(hikae, 'data')).toEqual([])
  })

  test('takes dated directories, each as one snapshot of what is in it', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('daily'), { '20250101/etc/a': 'one', '20250102/etc/a': 'two', 'lost+found/x': '' })
    await hikae.ok(['import', 'daily', ...ZONE])
    expect(await hikae.paths('latest')).toEqual(['/etc', '/etc/a'])
    expect((await hikae.snapshots()).map(({ paths }) => paths)).toEqual([['/daily'], ['/daily']])
    await hikae.ok(['import', 'daily/20250101', '--time', '2025-06-01', '--keep-names'])
    expect((await hikae.snapshots()).at(-1)).toMatchObject({ paths: ['/20250101'] })
  })

  test('names what is damaged, makes no snapshot of it, and imports the others', async ({ dir, hikae, expect }) => {
    const folder = await makeOldBackups(dir)
    await truncate(join(folder, 'shop_2025-01-01.sql.gz'), 20_000)
    const full = join(folder, 'mirai_full_20250102_020304.tar.gz')
    const bytes = await readFile(full)
    bytes[bytes.length - 6]! ^= 1
    await writeFile(full, bytes)
    const { exitCode, stderr } = await hikae.run(['import', 'backup', ...ZONE])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('backup/shop_2025-01-01.sql.gz: the gzip data ends too early')
    expect(stderr).toContain(
      'backup/mirai_full_20250102_020304.tar.gz: the gzip data is damaged (incorrect data check)',
    )
    expect(await hikae.snapshots()).toHaveLength(4)
    const alone = await hikae.run(['import', full])
    expect(alone.exitCode).toBe(1)
    await hikae.check()
  })

  test('refuses names that may mean several times, until it is told which', async ({ dir, hikae, expect }) => {
    await writeFile(dir.join('shop_01-02-2025.sql'), 'select 1;')
    const { exitCode, stderr } = await hikae.run(['import', 'shop_01-02-2025.sql', ...ZONE])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('2025-02-01 00:00:00 (DD-MM-YYYY) or 2025-01-02 00:00:00 (MM-DD-YYYY)')
    await hikae.ok(['import', 'shop_01-02-2025.sql', '--time-from-name', 'DD-MM-YYYY', '--time-zone', 'UTC'])
    const [snapshot] = await hikae.snapshots()
    expect(Date.parse(String(snapshot!['time']))).toBe(Date.UTC(2025, 1, 1))
  })

  test('takes the time of a file whose name has none, and says so', async ({ dir, hikae, expect }) => {
    await writeFile(dir.join('shop.sql'), 'select 1;')
    await utimes(dir.join('shop.sql'), 1_700_000_000, 1_700_000_000)
    const { stderr } = await hikae.ok(['import', 'shop.sql'])
    expect(stderr).toContain('its name has no time, so it counts as of')
    const [snapshot] = await hikae.snapshots()
    expect(Date.parse(String(snapshot!['time']))).toBe(1_700_000_000_000)
  })

  test.for([
    { args: ['a.zip'], exitCode: 1, message: 'unpack it into a folder' },
    { args: ['absent.tar'], exitCode: 1, message: 'no such file or directory' },
    { args: ['folder'], exitCode: 1, message: 'it holds no archives and no dated directories' },
    { args: ['a_20250101.sql', 'a_20250102.sql', '--time', '2025-01-01'], exitCode: 2, message: 'the same time' },
    { args: ['a_20250101.sql', '--time-zone', 'Mars/Olympus'], exitCode: 2, message: 'is no time zone' },
    { args: ['a_20250101.sql', '--time-from-name', 'YYYY'], exitCode: 2, message: 'lacks MM' },
    { args: [], exitCode: 2, message: 'PATH' },
  ])('refuses $args', async ({ args, exitCode, message }, { dir, hikae, expect }) => {
    await makeFiles(dir.path, { 'a.zip': 'PK', 'folder/x': '', 'a_20250101.sql': '1', 'a_20250102.sql': '2' })
    const result = await hikae.run(['import', ...args])
    expect(result).toMatchObject({ exitCode })
    expect(result.stderr).toContain(message)
    expect(await hikae.snapshots()).toEqual([])
  })

  test('says that an empty dump is empty', async ({ dir, hikae, expect }) => {
    await runOk('sh', ['-c', ': | gzip > shop_20250101.sql.gz'], { cwd: dir.path })
    const { exitCode, stderr } = await hikae.run(['import', 'shop_20250101.sql.gz'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('was empty: the snapshot holds an empty file')
  })

  test('imports into several repositories, into each what it lacks', async ({ dir, hikae, expect }) => {
    await makeOldBackups(dir)
    const second = hikae.with({ repository: dir.join('second') })
    await second.initCheaply()
    await hikae.ok(['import', 'backup/shop_2025-01-01.sql.gz', ...ZONE])
    const both = hikae.with({ env: { HIKAE_REPOSITORY: undefined } })
    const repositories = ['--repo', hikae.repository, '--repo', second.repository]
    const messages = await both.messages([...repositories, 'import', 'backup', ...ZONE])
    expect(ofType(messages, 'imported')).toHaveLength(11)
    expect(await hikae.snapshots()).toHaveLength(6)
    expect(await second.snapshots()).toHaveLength(6)
  })

  test('never writes outside, whatever an archive says', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('x'), { victim: 'x' })
    const tar = (name: string, transform: string): string[] => [
      '-cPf',
      name,
      `--transform=${transform}`,
      '-C',
      'x',
      'victim',
    ]
    await runOk('tar', tar('up_20250101.tar', 's,^,../../,'), { cwd: dir.path })
    await runOk('tar', tar('absolute_20250101.tar', `s,^,${dir.path}/planted/,`), { cwd: dir.path })
    await mkdir(dir.join('scratch'))
    const { exitCode, stderr } = await hikae.run([
      'import',
      'up_20250101.tar',
      'absolute_20250101.tar',
      '--scratch',
      'scratch',
    ])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('up_20250101.tar: the name ../../victim leads out of the archive')
    expect(stderr).toContain('names begin with a slash')
    expect(existsSync(dir.join('planted'))).toBe(false)
    expect(await readdir(dir.join('scratch'))).toEqual([])
    expect(await hikae.paths()).toContain(`${dir.path}/planted/victim`)
  })

  test.skipIf(noSmallDisk)('says what to do when there is no room to unpack', async ({ dir, hikae, expect }) => {
    await using disk = await makeSmallDisk({ sizeBytes: 8 * 1024 * 1024 })
    await runOk('sh', ['-c', 'truncate -s 50M z; tar -cz z > big_20250101.tar.gz; echo 1 > shop_20250101.sql'], {
      cwd: dir.path,
    })
    const { exitCode, stderr } = await hikae.run([
      'import',
      'big_20250101.tar.gz',
      'shop_20250101.sql',
      '--scratch',
      disk.path,
    ])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/cannot unpack into .*no space left on device/)
    expect(stderr).toContain('name a folder on another disk with --scratch')
    expect(await hikae.snapshots()).toHaveLength(1)
  })
})

/** Two names of one FIFO, or of one symlink: neither snapshots nor archives of other programs keep all of these. */
function isSharedSpecial(path: string): boolean {
  return path.endsWith('same fifo') || path.endsWith('same symlink')
}

describe.skipIf(noPackers || noTreeTools)('a tree of everything', () => {
  test('comes back from an archive as it was, and from an export of that', async ({ dir, hikae, expect }) => {
    const tree = dir.join('tree')
    await mkdir(tree)
    await makeHostileTree(tree, { seed: 5, size: 'small' })
    const options = [
      '--format=posix',
      '--xattrs',
      '--xattrs-include=*',
      '--sparse',
      '--exclude=same*fifo',
      '--exclude=same*symlink',
    ]
    await runOk(
      'sh',
      ['-c', `tar ${options.map((option) => `'${option}'`).join(' ')} -C tree -c . | zstd -q > all_20250101.tar.zst`],
      {
        cwd: dir.path,
      },
    )
    const [imported] = ofType(await hikae.messages(['import', 'all_20250101.tar.zst']), 'imported')
    await hikae.restore('latest', dir.join('restored'))
    const differences = await compareTrees(tree, dir.join('restored'), {
      root: false,
      without: (path, { type }) => type === 'socket' || isSharedSpecial(path),
    })
    expect(differences).toEqual([])
    for (const format of ['tar.zst', 'tar.gz', 'tar']) {
      await hikae.ok([
        'export',
        String(imported!['snapshot_id']),
        '--format',
        format,
        '--output',
        `again_20250102.${format}`,
      ])
      const [again] = ofType(await hikae.messages(['import', `again_20250102.${format}`]), 'imported')
      expect(again!['tree'], format).toBe(imported!['tree'])
      expect(again!['data_added'], format).toBe(0)
    }
  })
})

/** One snapshot of a directory, one of a dump. */
const exportTest = testWithCopyOf(async (dir) => {
  const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
  await hikae.initCheaply()
  await makeFiles(dir.join('20250102'), { 'etc/a': 'A', noise: randomBytesOf('n', 2_000_000) })
  await writeFile(dir.join('shop_20250101.sql'), rows(1))
  await hikae.ok(['import', 'shop_20250101.sql', '20250102', '--host', 'web1'])
  await mkdir(dir.join('out'))
}).extend('hikae', ({ dir }) => new Hikae({ repository: dir.join('repository'), cwd: dir.path }))

describe.skipIf(noPackers).concurrent('export', () => {
  exportTest(
    'gives an archive that other programs unpack, under a name as scripts have it',
    async ({ dir, hikae, expect }) => {
      for (const format of ['tar.zst', 'tar.gz', 'tar', 'zip']) {
        await hikae.ok(['export', 'latest', '--format', format, '--output', 'out'])
      }
      const names = (await readdir(dir.join('out'))).toSorted()
      const base = names[0]!.replace(/\.tar$/, '')
      expect(base).toMatch(/_20250102_000000$/)
      expect(names).toEqual([`${base}.tar`, `${base}.tar.gz`, `${base}.tar.zst`, `${base}.zip`])
      expect((await stat(dir.join('out', names[0]!))).mode & 0o777).toBe(0o600)
      for (const [format, option] of [
        ['tar.zst', '--zstd'],
        ['tar.gz', '--gzip'],
      ] as const) {
        await mkdir(dir.join(format))
        await runOk('tar', [option, '-xf', dir.join('out', `${base}.${format}`), '-C', dir.join(format)])
        expect(await compareTrees(dir.join('20250102'), dir.join(format), { root: false }), format).toEqual([])
      }
    },
  )

  exportTest(
    'tells its checksum, and prints nothing else when it prints the content',
    async ({ dir, hikae, expect }) => {
      const told = await hikae.document(['export', 'latest', '--output', 'x.tar.zst'])
      const { stdout } = await runOk('sha256sum', ['x.tar.zst'], { cwd: dir.path })
      expect(told).toMatchObject({ file: 'x.tar.zst', format: 'tar.zst', sha256: stdout.split(' ')[0] })
      const printed = await hikae.ok(['export', 'latest', '--output', '-'])
      expect(printed.stdoutBytes.equals(await readFile(dir.join('x.tar.zst')))).toBe(true)
    },
  )

  exportTest(
    'gives the content of the one file there is with --format plain, else a directory',
    async ({ dir, hikae, expect }) => {
      await hikae.ok(['export', 'latest', '--path', '/shop.sql', '--format', 'plain', '--output', 'out'])
      expect(await readFile(dir.join('out/shop.sql'), 'utf8')).toBe(rows(1))
      const printed = await hikae.ok(['export', 'latest:/etc', '--format', 'plain', '--output', '-'])
      expect(printed.stdout).toBe('A')
      await hikae.ok(['export', 'latest', '--format', 'plain', '--output', 'tree'])
      expect(await compareTrees(dir.join('20250102'), dir.join('tree'), { root: false })).toEqual([])
    },
  )

  exportTest.for([
    { args: ['--format', 'plain', '--output', '-'], exitCode: 2, message: 'can be printed only as an archive' },
    { args: ['--format', 'rar'], exitCode: 2, message: 'is not one of tar.zst' },
    { args: ['--output', 'taken'], exitCode: 1, message: 'taken is there already' },
    { args: ['--output', 'absent/x'], exitCode: 1, message: 'cannot write absent/x: no such file or directory' },
    { args: ['--age-recipient', 'a', '--gpg-recipient', 'b'], exitCode: 2, message: 'only one of' },
  ])('refuses $args, and leaves what is there', async ({ args, exitCode, message }, { dir, hikae, expect }) => {
    await writeFile(dir.join('taken'), 'mine')
    const before = await readdir(dir.path)
    const result = await hikae.run(['export', 'latest', ...args])
    expect(result).toMatchObject({ exitCode, stdout: '' })
    expect(result.stderr).toContain(message)
    expect(await readdir(dir.path)).toEqual(before)
    expect(await readFile(dir.join('taken'), 'utf8')).toBe('mine')
  })

  exportTest('refuses to make an archive of one file', async ({ hikae, expect }) => {
    const { exitCode, stderr } = await hikae.run(['export', 'latest:/etc/a'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('use --format plain')
  })

  exportTest.for(['tar.zst', 'tar.gz', 'zip', 'plain'])(
    'leaves no %s of a damaged snapshot',
    async (format, { dir, hikae, expect }) => {
      for (const name of await filesOf(hikae, 'data')) {
        const path = dir.join('repository/data', name.slice(0, 2), name)
        const bytes = await readFile(path)
        if (bytes.length < 1_000_000) continue
        bytes[bytes.length >> 1]! ^= 1
        await chmod(path, 0o600)
        await writeFile(path, bytes)
      }
      const result = await hikae.run(['export', 'latest', '--format', format, '--output', 'out'])
      expect(result.exitCode).toBe(1)
      expect(await readdir(dir.join('out'))).toEqual([])
      expect((await hikae.run(['export', 'latest:/noise', '--format', 'plain', '--output', '-'])).exitCode).toBe(1)
    },
  )

  exportTest('leaves nothing under the final name when it is killed', async ({ dir, hikae, expect }) => {
    // In the place of age stands a program that is not done before the gate opens.
    const age = '#!/bin/sh\n[ "$1" = --version ] && exit\nprintf half\n: > started\nread _ < gate\n'
    await makeFiles(dir.join('bin'), { age })
    await chmod(dir.join('bin/age'), 0o700)
    await runOk('mkfifo', ['gate'], { cwd: dir.path })
    const env = { PATH: `${dir.join('bin')}:${process.env['PATH']}` }
    const args = ['export', 'latest', '--age-recipient', 'x', '--output', 'out/x.age']
    await using running = await hikae.start(args, { env })
    await until(async () => existsSync(dir.join('started')), running)
    running.kill('SIGKILL')
    await running.finished
    await writeFile(dir.join('gate'), 'open\n')
    expect(await readdir(dir.join('out'))).toEqual([expect.stringMatching(/^\.x\.age\.[0-9a-f]{8}\.part$/)])
  })

  exportTest.skipIf(noAge)('is encrypted for keys of age', async ({ dir, hikae, expect }) => {
    const { stderr } = await runOk('age-keygen', ['-o', 'key'], { cwd: dir.path })
    const recipient = /age1\w+/.exec(stderr)![0]
    await hikae.ok(['export', 'latest', '--age-recipient', recipient, '--output', 'out'])
    const [name] = await readdir(dir.join('out'))
    expect(name).toMatch(/\.tar\.zst\.age$/)
    await mkdir(dir.join('unpacked'))
    await runOk('sh', ['-c', 'age -d -i key "out/$0" | tar --zstd -x -C unpacked', name!], { cwd: dir.path })
    expect(await compareTrees(dir.join('20250102'), dir.join('unpacked'), { root: false })).toEqual([])

    const refused = await hikae.run(['export', 'latest', '--age-recipient', 'nobody', '--output', 'x'])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('nobody')
    expect(existsSync(dir.join('x'))).toBe(false)
  })

  exportTest.skipIf(noGpg)('is encrypted for keys of gpg', async ({ dir, hikae, expect }) => {
    // The path of gpg-agent's socket must be short.
    await using home = await makeTempDir()
    await chmod(home.path, 0o700)
    const env = { GNUPGHOME: home.path }
    const gpg = async (...args: string[]) => runOk('gpg', ['--batch', '--quiet', ...args], { env, cwd: dir.path })
    try {
      await gpg('--passphrase', '', '--quick-generate-key', 'ops@example.com', 'default', 'default', 'never')
      await hikae.ok(
        ['export', 'latest', '--format', 'tar.gz', '--gpg-recipient', 'ops@example.com', '--output', 'x.gpg'],
        { env },
      )
      await gpg('--output', 'x.tar.gz', '--decrypt', 'x.gpg')
      await mkdir(dir.join('unpacked'))
      await runOk('tar', ['-xzf', 'x.tar.gz', '-C', 'unpacked'], { cwd: dir.path })
      expect(await compareTrees(dir.join('20250102'), dir.join('unpacked'), { root: false })).toEqual([])
      const refused = await hikae.run(['export', 'latest', '--gpg-recipient', 'nobody@example.com', '--output', 'y'], {
        env,
      })
      expect(refused.exitCode).toBe(1)
      expect(existsSync(dir.join('y'))).toBe(false)
    } finally {
      await runProcess('gpgconf', ['--kill', 'gpg-agent'], { env })
    }
  })

  exportTest('says which program is missing, and never repeats a secret key', async ({ dir, hikae, expect }) => {
    // What starting takes, and nothing more.
    await mkdir(dir.join('bin'))
    for (const name of ['dirname', 'readlink']) await symlink((await findProgram(name))!, dir.join('bin', name))
    const without = await hikae.run(['export', 'latest', '--age-recipient', 'age1x', '--output', 'x'], {
      env: { PATH: dir.join('bin') },
    })
    expect(without.exitCode).toBe(1)
    expect(without.stderr).toContain('the program age, which encrypts, is not installed')
    expect(without.stderr).toContain('apt install age')
    const secret = await hikae.run(['export', 'latest', '--age-recipient', 'AGE-SECRET-KEY-1QQQQ'])
    expect(secret.exitCode).toBe(2)
    expect(secret.stderr + secret.stdout).not.toContain('1QQQQ')
  })
})

test.skipIf(noRestic || noPackers)('restic reads what was imported', async ({ dir, hikae, expect }) => {
  await makeOldBackups(dir)
  await hikae.ok(['import', 'backup', ...ZONE])
  const restic = resticOn(hikae)
  await restic.check()
  await restic.restore('latest', dir.join('restored'))
  expect(await readFile(dir.join('restored/app/config'), 'utf8')).toBe('day 3')
})

// Kept until the end: what the two programs print is JSON, line by line.
test('every line of --json is JSON', async ({ dir, hikae, expect }) => {
  await writeFile(dir.join('shop_01-02-2025.sql'), '1')
  await writeFile(dir.join('shop_20250101.sql'), '1')
  const { stdout, stderr } = await hikae.run(['--json', 'import', dir.path])
  expect(jsonLines(stdout).length).toBeGreaterThan(1)
  expect(jsonLines(stderr)).toMatchObject([{ message_type: 'error' }])
})
