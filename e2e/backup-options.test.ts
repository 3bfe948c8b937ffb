import { chmod, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesOf, isRoot, makeTempDir, randomBytesOf, runOk, skipBecause } from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, noRestic, resticOn, test as base } from './fixtures.ts'
import { Hikae } from './hikae.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('shared', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  const tree = await makeFiles(dir.join('tree'), {
    'keep.txt': 'keep',
    'NOTES.TMP': 'notes',
    'big.bin': randomBytesOf('big', 200_000),
    'cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55\n# a cache',
    'cache/data': 'cached',
    'marked/.leave': 'leave me\n',
    'marked/file': 'marked',
    'node_modules/x/index.js': 'x',
    'src/a.js': 'a',
    'src/b.log': 'b',
    'src/deep/c.log': 'c',
  })
  const hikae = new Hikae({ repository: dir.join('repository'), cwd: tree })
  await hikae.initCheaply()
  return { dir, tree, hikae }
})
// oxlint-enable no-empty-pattern

/** Everything in the tree, as `ls` shows it. */
const ALL = [
  '/NOTES.TMP',
  '/big.bin',
  '/cache',
  '/cache/CACHEDIR.TAG',
  '/cache/data',
  '/keep.txt',
  '/marked',
  '/marked/.leave',
  '/marked/file',
  '/node_modules',
  '/node_modules/x',
  '/node_modules/x/index.js',
  '/src',
  '/src/a.js',
  '/src/b.log',
  '/src/deep',
  '/src/deep/c.log',
]

describe.skipIf(noRestic).concurrent('what is left out, and that restic would leave out the same:', () => {
  test.for<{ name: string; args: string[]; leftOut: string[] }>([
    { name: 'nothing', args: [], leftOut: [] },
    {
      name: 'a name',
      args: ['--exclude', 'node_modules'],
      leftOut: ['/node_modules', '/node_modules/x', '/node_modules/x/index.js'],
    },
    { name: 'a pattern', args: ['-e', '*.log'], leftOut: ['/src/b.log', '/src/deep/c.log'] },
    { name: 'all of a pattern but one', args: ['-e', '*.log', '-e', '!b.log'], leftOut: ['/src/deep/c.log'] },
    { name: 'a path of several parts', args: ['-e', 'src/**/c.log'], leftOut: ['/src/deep/c.log'] },
    { name: 'whatever the case', args: ['--iexclude', '*.tmp'], leftOut: ['/NOTES.TMP'] },
    { name: 'the case of a pattern counts', args: ['--exclude', '*.tmp'], leftOut: [] },
    { name: 'caches, but for their tag', args: ['--exclude-caches'], leftOut: ['/cache/data'] },
    { name: 'marked directories', args: ['--exclude-if-present', '.leave'], leftOut: ['/marked/file'] },
    { name: 'marked by content', args: ['--exclude-if-present', '.leave:leave me'], leftOut: ['/marked/file'] },
    { name: 'not marked by content', args: ['--exclude-if-present', '.leave:other'], leftOut: [] },
    { name: 'large files', args: ['--exclude-larger-than', '100k'], leftOut: ['/big.bin'] },
    { name: 'files of just that size stay', args: ['--exclude-larger-than', '200000'], leftOut: [] },
  ])('$name', async ({ name, args, leftOut }, { shared: { hikae, tree }, expect }) => {
    const { snapshot_id: id } = await hikae.backup(['.'], ['--host', name, ...args])
    expect((await hikae.paths(String(id))).toSorted()).toEqual(ALL.filter((path) => !leftOut.includes(path)))
    await resticOn(hikae).backup(['.'], ['--host', `restic ${name}`, '--force', ...args], { cwd: tree })
    const both = await hikae.snapshots(['--host', name, '--host', `restic ${name}`])
    expect(both).toHaveLength(2)
    expect(both[0]!['tree']).toBe(both[1]!['tree'])
    expect(both[0]!['excludes']).toEqual(both[1]!['excludes'])
  })

  test('patterns in files, with comments, variables and absolute paths', async ({ shared, expect }) => {
    const { dir, tree, hikae } = shared
    await writeFile(dir.join('excludes'), '# comment\n\n  *.js  \n$FOLDER/deep\n/src/b.log\n')
    await writeFile(dir.join('excludes whatever the case'), 'notes.*\n')
    const args = [
      '--exclude-file',
      dir.join('excludes'),
      '--iexclude-file',
      dir.join('excludes whatever the case'),
      '--host',
      'files',
    ]
    const env = { FOLDER: join(tree, 'src') }
    const { snapshot_id: id } = await hikae.backup(['.'], args, { env })
    const leftOut = ['/NOTES.TMP', '/node_modules/x/index.js', '/src/a.js', '/src/deep', '/src/deep/c.log']
    expect((await hikae.paths(String(id))).toSorted()).toEqual(ALL.filter((path) => !leftOut.includes(path)))
    await resticOn(hikae).backup(['.'], ['--force', ...args], { cwd: tree, env })
    const both = await hikae.snapshots(['--host', 'files'])
    expect(new Set(both.map((snapshot) => snapshot['tree'])).size).toBe(1)
  })

  test('targets from files: patterns, verbatim, raw, and from standard input', async ({ shared, expect }) => {
    const { dir, tree, hikae } = shared
    const files = dir.join('names')
    await makeFiles(files, { 'a*b': '1', aXb: '2', '#c': '3', ' d ': '4', 'e\nf': '5' })
    const cases: { name: string; args: string[]; list: string; paths: string[] }[] = [
      { name: 'patterns', args: ['--files-from'], list: '# comment\na*b\n', paths: ['/a*b', '/aXb'] },
      { name: 'verbatim', args: ['--files-from-verbatim'], list: 'a*b\n#c\n d \n', paths: ['/ d ', '/#c', '/a*b'] },
      { name: 'raw', args: ['--files-from-raw'], list: 'e\nf\0aXb\0', paths: ['/aXb', '/e\nf'] },
    ]
    for (const { name, args, list, paths } of cases) {
      await writeFile(dir.join(name), list)
      const ours = await hikae.backup([], [...args, dir.join(name), '--host', name], { cwd: files })
      expect((await hikae.paths(String(ours['snapshot_id']))).toSorted(), name).toEqual(paths)
      const piped = await hikae.backup([], [...args, '-', '--host', name], { cwd: files, input: list })
      expect(piped['files_unmodified']).toBe(paths.length)
      await resticOn(hikae).backup([], [...args, dir.join(name), '--host', name], { cwd: files })
      const all = await hikae.snapshots(['--host', name])
      expect(all).toHaveLength(3)
      expect(new Set(all.map((snapshot) => snapshot['tree'])).size, name).toBe(1)
    }
    expect(tree).not.toBe(files)
  })
})

describe.skipIf(skipBecause(isRoot() ? undefined : 'mounting needs root'))('other file systems', () => {
  test('are left out with --one-file-system, but for their empty mount points', async ({ dir, hikae, expect }) => {
    const tree = await makeFiles(dir.join('tree'), { inside: '1', 'mounted/hidden': '2' })
    await runOk('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', join(tree, 'mounted')])
    try {
      await writeFile(join(tree, 'mounted', 'elsewhere'), '3')
      await hikae.backup(['.'], [], { cwd: tree })
      expect(await hikae.paths()).toEqual(['/inside', '/mounted', '/mounted/elsewhere'])
      await hikae.backup(['.'], ['-x'], { cwd: tree })
      expect(await hikae.paths()).toEqual(['/inside', '/mounted'])
      await hikae.backup(['.', 'mounted'], ['-x'], { cwd: tree })
      expect(await hikae.paths()).toEqual(['/inside', '/mounted', '/mounted/elsewhere'])
    } finally {
      await runOk('umount', [join(tree, 'mounted')])
    }
  })
})

describe.concurrent('streams', () => {
  test('standard input becomes a file', async ({ hikae, expect }) => {
    const input = randomBytesOf('input', 3_000_000)
    const summary = await hikae.backup([], ['--stdin', '--stdin-filename', 'dumps/shop.sql'], { input })
    expect(summary).toMatchObject({ total_bytes_processed: 3_000_000, files_new: 1 })
    expect(await hikae.paths()).toEqual(['/dumps', '/dumps/shop.sql'])
    const [snapshot] = await hikae.snapshots()
    expect(snapshot).toMatchObject({ paths: ['/dumps/shop.sql'] })
    const { stdoutBytes } = await hikae.ok(['dump', 'latest', '/dumps/shop.sql'])
    expect(stdoutBytes.equals(input)).toBe(true)
    await hikae.check()
  })

  test('a command that succeeds becomes a file', async ({ hikae, expect }) => {
    await hikae.ok(['backup', '--stdin-from-command', '--', 'sh', '-c', 'echo one; echo remark >&2; echo two'])
    const { stdout } = await hikae.ok(['dump', 'latest', '/stdin'])
    expect(stdout).toBe('one\ntwo\n')
  })

  test.for([
    {
      what: 'fails',
      command: ['sh', '-c', 'head -c 3000000 /dev/urandom; echo broken pipe dream >&2; exit 4'],
      say: 'exit status 4',
    },
    { what: 'is killed', command: ['sh', '-c', 'echo begun; kill -9 $$'], say: 'SIGKILL' },
    { what: 'does not exist', command: ['/no/such/program'], say: 'there is no such program' },
  ])('a command that $what makes no snapshot', async ({ command, say }, { hikae, expect }) => {
    const result = await hikae.run(['backup', '--stdin-from-command', '--', ...command])
    expect(result).toMatchObject({ exitCode: 1, stdout: '' })
    expect(result.stderr).toContain(say)
    expect(await hikae.snapshots()).toEqual([])
    await hikae.check()
    expect(await hikae.ok(['list', 'locks'])).toMatchObject({ stdout: '' })
  })

  test('empty input is doubted', async ({ hikae, expect }) => {
    const result = await hikae.run(['backup', '--stdin'], { input: '' })
    expect(result.exitCode).toBe(3)
    expect(result.stderr).toContain('was empty')
    expect(await hikae.snapshots()).toHaveLength(1)
  })
})

describe.concurrent('snapshots', () => {
  test('carry what they are told: tags, host, time, paths, program', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('tree'), { file: 'content' })
    const args = ['--tag', 'one,two', '--tag', 'three', '--host', 'elsewhere', '--time', '2024-02-29 12:34:56']
    await hikae.backup(['tree'], args, { env: { TZ: 'Asia/Tokyo' } })
    expect(await hikae.snapshots()).toMatchObject([
      {
        tags: ['one', 'two', 'three'],
        hostname: 'elsewhere',
        time: '2024-02-29T12:34:56+09:00',
        paths: [dir.join('tree')],
        program_version: expect.stringMatching(/^hikae \d/),
        summary: { files_new: 1, total_bytes_processed: 7 },
      },
    ])
  })

  test('compare with the newest of the same host and paths, or with the one named, or with none', async ({
    dir,
    hikae,
    expect,
  }) => {
    await makeFiles(dir.join('tree'), { a: 'a', b: 'b' })
    const first = await hikae.backup(['tree'])
    await writeFile(dir.join('tree', 'b'), 'changed')
    await hikae.backup(['tree'], ['--host', 'other'])
    const third = await hikae.backup(['tree'])
    expect(third).toMatchObject({ files_new: 0, files_changed: 1, files_unmodified: 1 })
    const named = await hikae.backup(['tree'], ['--host', 'new', '--parent', String(first['snapshot_id'])])
    expect(named).toMatchObject({ files_changed: 1, files_unmodified: 1 })
    const forced = await hikae.backup(['tree'], ['--force'])
    expect(forced).toMatchObject({ files_new: 2, files_unmodified: 0, data_added: 0 })
    const parents = (await hikae.snapshots()).map(({ parent }) => parent)
    expect(parents).toEqual([undefined, undefined, first['snapshot_id'], first['snapshot_id'], undefined])
  })

  test('are not made when nothing changed and that is asked for', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('tree'), { a: 'a' })
    await hikae.backup(['tree'], ['--skip-if-unchanged'])
    expect((await hikae.ok(['backup', '--skip-if-unchanged', 'tree'])).stdout).toContain('no snapshot was made')
    expect(await hikae.snapshots()).toHaveLength(1)
    await utimes(dir.join('tree', 'a'), 1, 1)
    await hikae.backup(['tree'], ['--skip-if-unchanged'])
    expect(await hikae.snapshots()).toHaveLength(2)
  })

  test('of a dry run do not exist, and nothing is stored, not even a lock', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('tree'), { a: randomBytesOf('a', 1_000_000), 'sub/b': 'b' })
    const before = await runOk('find', [hikae.repository, '-printf', '%p %s %T@\n'])
    const summary = await hikae.backup(['tree'], ['--dry-run'])
    expect(summary).toMatchObject({ dry_run: true, files_new: 2 })
    expect(summary['data_added']).toBeGreaterThan(1_000_000)
    expect(summary).not.toHaveProperty('snapshot_id')
    const { stdout } = await hikae.ok(['backup', '-n', '-vv', '--no-lock', 'tree'])
    expect(stdout).toContain('/tree/sub/b')
    await runOk('chmod', ['-R', 'a-w', hikae.repository])
    await hikae.with({ obedient: true }).ok(['backup', '--dry-run', '--no-lock', 'tree'])
    await runOk('chmod', ['-R', 'u+w', hikae.repository])
    const after = await runOk('find', [hikae.repository, '-name', 'locks', '-o', '-printf', '%p %s %T@\n'])
    const withoutLocks = before.stdout.split('\n').filter((line) => !line.includes('/locks '))
    expect(after.stdout.split('\n')).toEqual(withoutLocks)
  })
})

describe.concurrent('storage', () => {
  test('compression makes a difference, in order', async ({ dir, expect }) => {
    await makeFiles(dir.join('tree'), { file: bytesOf('text', 2_000_000, 'text') })
    const sizes: number[] = []
    for (const mode of ['off', 'fastest', 'max']) {
      const hikae = new Hikae({ repository: dir.join(mode), cwd: dir.path })
      await hikae.initCheaply()
      const summary = await hikae.backup(['tree'], ['--compression', mode])
      sizes.push(Number(summary['data_added_packed']))
      await hikae.check()
    }
    const [off, fastest, max] = sizes as [number, number, number]
    expect(off).toBeGreaterThan(fastest * 1.5)
    expect(fastest).toBeGreaterThan(max)
  })

  test('packs are about as large as asked for', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('tree'), { file: randomBytesOf('packs', 24_000_000) })
    await hikae.backup(['tree'], ['--pack-size', '4', '--read-concurrency', '1'])
    const { stdout } = await runOk('find', [
      join(hikae.repository, 'data'),
      '-type',
      'f',
      '-size',
      '+3M',
      '-printf',
      '%s\n',
    ])
    const sizes = stdout.trim().split('\n').map(Number)
    expect(sizes.length).toBeGreaterThanOrEqual(2)
    // A pack ends with the chunk, of up to 8 MiB, that fills it.
    expect(Math.max(...sizes)).toBeLessThan(12.1 * 1024 * 1024)
    await hikae.check()
  })

  test('fine chunks find what standard ones miss', async ({ dir, expect }) => {
    const pages = Array.from({ length: 1000 }, (_, n) => randomBytesOf(n, 8192))
    const added: Record<string, number> = {}
    for (const profile of ['standard', 'fine']) {
      const hikae = new Hikae({ repository: dir.join(profile), cwd: dir.path })
      await hikae.initCheaply()
      await writeFile(dir.join('database'), Buffer.concat(pages))
      await hikae.backup(['database'], ['--chunk', profile])
      const changed = pages.map((page, n) => (n % 250 === 0 ? randomBytesOf(`new ${n}`, 8192) : page))
      await writeFile(dir.join('database'), Buffer.concat(changed))
      added[profile] = Number((await hikae.backup(['database'], ['--chunk', profile]))['data_added'])
      await hikae.check()
    }
    expect(added['fine']! * 3).toBeLessThan(added['standard']!)
  })
})

describe('what cannot be read', () => {
  test('is named, and the rest is saved: exit status 3', async ({ dir, hikae, expect }) => {
    const tree = await makeFiles(dir.join('tree'), { fine: 'fine', secret: 'secret', 'closed/inside': 'inside' })
    await chmod(join(tree, 'secret'), 0)
    await chmod(join(tree, 'closed'), 0)
    const obedient = hikae.with({ obedient: true })
    const result = await obedient.run(['backup', 'tree'])
    await chmod(join(tree, 'closed'), 0o755)
    expect(result.exitCode).toBe(3)
    expect(result.stderr).toMatch(/error: .*tree\/secret: .*permission/i)
    expect(result.stderr).toMatch(/error: .*tree\/closed: .*permission/i)
    expect(result.stdout).toContain('incomplete: 2 items could not be read')
    expect(await hikae.paths()).toContain('/tree/fine')
    expect(await hikae.paths()).not.toContain('/tree/secret')
    await hikae.check()
  })

  test('a missing target is named, the others are saved', async ({ dir, hikae, expect }) => {
    await makeFiles(dir.join('tree'), { file: 'content' })
    const result = await hikae.run(['backup', 'tree', 'absent'])
    expect(result.exitCode).toBe(3)
    expect(result.stderr).toContain('absent')
    expect(await hikae.paths()).toEqual(['/tree', '/tree/file'])
  })

  test('a socket is no problem, a dangling link is kept', async ({ dir, hikae, expect }) => {
    const tree = await makeFiles(dir.join('tree'), { file: 'content' })
    await symlink('nowhere', join(tree, 'link'))
    await hikae.ok(['backup', 'tree'])
    expect(await hikae.paths()).toEqual(['/tree', '/tree/file', '/tree/link'])
  })
})
