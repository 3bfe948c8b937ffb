import { lstat, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compareTrees, findProgram, makeTempDir, randomBytesOf, runOk, runProcess } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesOf, makeFiles, test as base } from './fixtures.ts'
import { Hikae } from './hikae.ts'

/** Longer than the longest piece, so that it is cut. */
const NOISE = randomBytesOf('noise', 9_000_000)

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** A repository with one snapshot of `tree`, which tests must not change; `target` is a copy of it that they may. */
const test = base
  .extend('shared', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    const tree = await makeFiles(dir.join('tree'), {
      noise: NOISE,
      'notes.txt': 'notes',
      'sub/deep/a.log': 'a',
      'sub/deep/b.txt': 'b',
      'sub/C.LOG': 'c',
      'other/[odd] name': 'odd',
    })
    await runOk('truncate', ['-s', '5M', join(tree, 'hole')])
    await symlink('notes.txt', join(tree, 'link'))
    const hikae = new Hikae({ repository: dir.join('repository'), cwd: dir.path })
    await hikae.initCheaply()
    await hikae.backup(['.'], [], { cwd: tree })
    return { tree, hikae }
  })
  .extend('target', async ({ shared, dir }) => {
    await runOk('cp', ['-a', shared.tree, dir.join('target')])
    return dir.join('target')
  })
// oxlint-enable no-empty-pattern

describe.concurrent('a part of a snapshot', () => {
  test.for([
    { name: 'a pattern', args: ['--include', '*.txt'], files: ['notes.txt', 'sub/deep/b.txt'] },
    { name: 'a directory', args: ['--include', '/sub'], files: ['sub/C.LOG', 'sub/deep/a.log', 'sub/deep/b.txt'] },
    { name: 'whatever the case', args: ['--iinclude', '*.log'], files: ['sub/C.LOG', 'sub/deep/a.log'] },
    {
      name: 'all but a pattern',
      args: ['--exclude', 'sub', '-e', 'noise', '-e', 'hole'],
      files: ['link', 'notes.txt', 'other/[odd] name'],
    },
    { name: 'an escaped name', args: ['--include', '\\[odd\\] name'], files: ['other/[odd] name'] },
    { name: 'patterns in a file', args: ['--include-file', 'PATTERNS'], files: ['notes.txt', 'sub/C.LOG'] },
  ])('can be chosen by $name', async ({ args, files }, { shared: { hikae }, dir, expect }) => {
    await writeFile(dir.join('patterns'), '# these\n/notes.txt\nC.LOG\n')
    const words = args.map((word) => (word === 'PATTERNS' ? dir.join('patterns') : word))
    await hikae.restore('latest', dir.join('out'), words)
    expect(await filesBelow(dir.join('out'))).toEqual(files)
  })

  test('can be a directory of its own', async ({ shared: { tree, hikae }, dir, expect }) => {
    await hikae.restore('latest:/sub', dir.join('out'))
    expect(await compareTrees(join(tree, 'sub'), dir.join('out'), { root: false })).toEqual([])
    await hikae.restore('latest:/sub', dir.join('less'), ['--include', '/deep/*.txt'])
    expect(await filesBelow(dir.join('less'))).toEqual(['deep/b.txt'])
  })
})

describe.concurrent('a target that is not empty', () => {
  test('is changed back to the snapshot, and only what differs is written', async ({
    shared: { tree, hikae },
    target,
    expect,
  }) => {
    const changed = Buffer.from(NOISE)
    changed.fill(0, NOISE.length - 100)
    await writeFile(join(target, 'noise'), changed)
    await rm(join(target, 'notes.txt'))
    await writeFile(join(target, 'extra'), 'stays')
    const before = await stat(join(target, 'sub/deep/b.txt'))
    const summary = await hikae.restore('latest', target, ['--verify'])
    expect(summary['bytes_restored']).toBeLessThan(NOISE.length)
    expect(await stat(join(target, 'sub/deep/b.txt'))).toMatchObject({ ino: before.ino })
    expect(await readFile(join(target, 'extra'), 'utf8')).toBe('stays')
    expect(await compareTrees(tree, target, { root: false, without: (path) => path === 'extra' })).toEqual([])
  })

  test('loses what is not in the snapshot with --delete only, and no more than was asked for', async ({
    shared: { tree, hikae },
    target,
    expect,
  }) => {
    await makeFiles(target, { 'extra/file': 'x', 'sub/deep/extra': 'y' })
    const plan = await hikae.ok(['restore', 'latest', '--target', target, '--delete', '--dry-run', '-vv'])
    expect(plan.stdout).toMatch(/deleted +.*extra/)
    expect(await filesBelow(target)).toContain('extra/file')
    await hikae.restore('latest:/sub', join(target, 'sub'), ['--delete'])
    expect(await filesBelow(target)).toContain('extra/file')
    expect(await filesBelow(target)).not.toContain('sub/deep/extra')
    const summary = await hikae.restore('latest', target, ['--delete'])
    expect(summary['files_deleted']).toBeGreaterThan(0)
    expect(await compareTrees(tree, target, { root: false })).toEqual([])
  })

  test('keeps what the overwrite mode says', async ({ shared: { hikae }, target, expect }) => {
    const file = join(target, 'notes.txt')
    const cases = [
      { mode: 'never', content: 'mine!', time: 1, result: 'mine!' },
      { mode: 'if-newer', content: 'mine!', time: 4_000_000_000, result: 'mine!' },
      { mode: 'if-newer', content: 'mine!', time: 1, result: 'notes' },
      { mode: 'if-changed', content: 'mine!', time: 1, result: 'notes' },
      { mode: 'always', content: 'mine!', time: 4_000_000_000, result: 'notes' },
    ]
    for (const { mode, content, time, result } of cases) {
      await writeFile(file, content)
      await utimes(file, time, time)
      await hikae.restore('latest', target, ['--overwrite', mode])
      expect(await readFile(file, 'utf8'), mode).toBe(result)
    }
  })

  test('does not lead outside through links, and other types make way', async ({
    shared: { tree, hikae },
    target,
    dir,
    expect,
  }) => {
    const outside = await makeFiles(dir.join('outside'), { 'deep/a.log': 'outside' })
    await rm(join(target, 'sub'), { recursive: true })
    await symlink(outside, join(target, 'sub'))
    await rm(join(target, 'notes.txt'))
    await symlink(join(outside, 'deep/a.log'), join(target, 'notes.txt'))
    await rm(join(target, 'link'))
    await makeFiles(join(target, 'link'), { inside: 'in the way' })
    await rm(join(target, 'noise'))
    await runOk('mkfifo', [join(target, 'noise')])
    await hikae.run(['restore', 'latest', '--target', target])
    expect(await readFile(join(outside, 'deep/a.log'), 'utf8')).toBe('outside')
    expect(await filesBelow(outside)).toEqual(['deep/a.log'])
    expect(await readFile(join(target, 'notes.txt'), 'utf8')).toBe('notes')
    expect((await lstat(join(target, 'noise'))).size).toBe(NOISE.length)
    await rm(join(target, 'link'), { recursive: true })
    await hikae.restore('latest', target)
    expect(await compareTrees(tree, target, { root: false })).toEqual([])
  })

  test('is not touched by a dry run', async ({ shared: { hikae }, target, dir, expect }) => {
    await writeFile(join(target, 'notes.txt'), 'changed')
    await runOk('cp', ['-a', target, dir.join('before')])
    const summary = await hikae.restore('latest', target, ['--dry-run'])
    expect(summary).toMatchObject({ dry_run: true })
    expect(summary['files_restored']).toBeGreaterThan(0)
    expect(await compareTrees(dir.join('before'), target)).toEqual([])
    await hikae.restore('latest', dir.join('absent'), ['--dry-run'])
    await expect(stat(dir.join('absent'))).rejects.toThrow('ENOENT')
  })
})

describe.concurrent('holes and proof', () => {
  test('zeros take no room with --sparse', async ({ shared: { tree, hikae }, dir, expect }) => {
    await hikae.restore('latest', dir.join('out'), ['--sparse'])
    expect((await stat(dir.join('out/hole'))).blocks).toBe(0)
    expect(await compareTrees(tree, dir.join('out'), { root: false })).toEqual([])
  })

  test('--verify reads all again and says so', async ({ shared: { hikae }, dir, expect }) => {
    const { stdout } = await hikae.ok(['restore', 'latest', '--target', dir.join('out'), '--verify'])
    expect(stdout).toMatch(/verified \d+ files/)
  })

  test('files in a target that may not be written are named, the others come: exit status 3', async ({
    shared: { hikae },
    target,
    expect,
  }) => {
    await writeFile(join(target, 'notes.txt'), 'changed')
    await rm(join(target, 'sub/deep/a.log'))
    await runOk('chmod', ['500', join(target, 'sub/deep')])
    await runOk('chattr', ['+i', join(target, 'sub/deep')]).catch(() => undefined)
    const result = await hikae.with({ obedient: true }).run(['restore', 'latest', '--target', target])
    await runProcess('chattr', ['-i', join(target, 'sub/deep')])
    expect(result.stderr).toMatch(/error: .*sub\/deep/)
    expect(result.stderr).not.toMatch(/\n\s+at |unexpected error/)
    expect(result.exitCode).toBe(3)
    expect(await readFile(join(target, 'notes.txt'), 'utf8')).toBe('notes')
  })
})

describe.concurrent('dump', () => {
  test('prints a file byte for byte, or writes it where nobody else can read it', async ({
    shared: { hikae },
    dir,
    expect,
  }) => {
    const { stdoutBytes, stderr } = await hikae.ok(['dump', 'latest', '/noise'])
    expect(stdoutBytes.equals(NOISE)).toBe(true)
    expect(stderr).toBe('')
    await hikae.ok(['dump', 'latest:/sub', '/deep/b.txt', '--target', dir.join('file')])
    expect(await readFile(dir.join('file'), 'utf8')).toBe('b')
    expect((await stat(dir.join('file'))).mode & 0o777).toBe(0o600)
  })

  test('makes archives that tar and unzip unpack', async ({ shared: { tree, hikae }, dir, expect }) => {
    await hikae.ok(['dump', 'latest', '/', '--target', dir.join('all.tar')])
    await makeFiles(dir.join('tar'), {})
    await runOk('tar', ['-xpf', dir.join('all.tar'), '-C', dir.join('tar')])
    expect(await compareTrees(tree, dir.join('tar'), { root: false, ignore: ['mtimeNs'] })).toEqual([])
    if ((await findProgram('unzip')) === undefined) return
    await hikae.ok(['dump', 'latest', '/sub', '--archive', 'zip', '--target', dir.join('sub.zip')])
    await runOk('unzip', ['-q', dir.join('sub.zip'), '-d', dir.join('zip')])
    expect(await compareTrees(join(tree, 'sub'), dir.join('zip/sub'), { ignore: ['mtimeNs'] })).toEqual([])
  })
})

describe('afterwards', () => {
  test('no lock is left and the repository is whole', async ({ shared: { hikae }, expect }) => {
    expect(await filesOf(hikae, 'locks')).toEqual([])
    await hikae.check()
  })
})

/** Everything but directories, relative, in order. */
async function filesBelow(root: string): Promise<string[]> {
  const { stdout } = await runOk('find', [root, '-not', '-type', 'd', '-printf', '%P\n'])
  return stdout
    .split('\n')
    .filter((path) => path !== '')
    .toSorted()
}
