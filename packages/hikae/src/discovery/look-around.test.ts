import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeTempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { DISCOVER, type ProposedSource } from './finder.ts'
import { lookAround, uniqueName } from './look-around.ts'
import { settleSources } from './settle-sources.ts'

/** What is on this machine is not what these tests are about. */
const NO_DOCKER = { DOCKER_HOST: 'unix:///absent/docker.sock' }
const KINDS = ['files', 'sqlite', 'git']
const DATABASE = Buffer.alloc(1024)
DATABASE.write('SQLite format 3\0', 'latin1')

const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('look', ({ dir }) => async (options: { entries?: number; kinds?: readonly string[] } = {}) => {
    const { entries = 1000, kinds = KINDS } = options
    const limits = { entries, milliseconds: 1000 }
    return lookAround(dir.path, { kinds, limits, clock: () => 0, env: NO_DOCKER, signal: new AbortController().signal })
  })
  .extend('make', ({ dir }) => async (files: Readonly<Record<string, string | Buffer>>) => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(dir.join(path)), { recursive: true })
      await writeFile(dir.join(path), content)
    }
  })

describe('looking around', () => {
  test('knows databases by what they begin with, whatever they are called', async ({ look, make, expect }) => {
    await make({ 'a/data.bin': DATABASE, 'b.db': 'SQLite format 3', 'c.sqlite': Buffer.alloc(1024) })
    const { sources } = await look()
    expect(sources.find(({ kind }) => kind === 'sqlite')!.config).toEqual({ path: ['a/data.bin'] })
  })

  test('follows no link, and looks at nothing that is made again', async ({ dir, look, make, expect }) => {
    await make({
      'real/file': 'x',
      'node_modules/a/.env': 'x',
      'cached/CACHEDIR.TAG': 'x',
      'cached/y': 'y',
      '.git/config': 'x',
    })
    await symlink('/etc', dir.join('link'))
    await symlink(dir.path, dir.join('loop'))
    const { surroundings } = await look()
    expect(surroundings.files.map(({ path }) => path)).toEqual(['real/file'])
    expect(surroundings.isWhole).toBe(true)
  })

  test('leaves names to what containers bring, and proposes that whatever kinds there are', async ({ dir, expect }) => {
    const proposed: ProposedSource[] = [
      { name: 'labels', kind: DISCOVER, config: {}, description: 'rows', brings: ['rows', 'files'] },
      { name: 'files', kind: 'files', config: {}, description: 'all' },
      { name: 'swarm', kind: 'swarm', config: {}, description: 'of no kind that there is' },
    ]
    const { sources } = await lookAround(dir.path, {
      ...{ kinds: KINDS, limits: { entries: 10, milliseconds: 1000 }, clock: () => 0, env: NO_DOCKER },
      finders: [{ name: 'test', find: async () => proposed }],
      signal: new AbortController().signal,
    })
    expect(sources.map(({ name }) => name)).toEqual(['labels', 'files-2'])
  })

  test('proposes no repository of git that has no commit', async ({ look, make, expect }) => {
    await make({
      'new/.git/HEAD': 'x',
      'new/a': 'a',
      'old/.git/refs/heads/main': 'x',
      'bare.git/HEAD': 'x',
      'bare.git/packed-refs': 'x',
      'bare.git/objects/a': 'x',
      'bare.git/refs/b': 'x',
    })
    const { sources } = await look()
    expect(sources.filter(({ kind }) => kind === 'git').map(({ config }) => config['path'])).toEqual([
      'bare.git',
      'old',
    ])
  })

  test('leaves backups out', async ({ dir, look, make, expect }) => {
    const repository = Object.fromEntries(
      ['data/a', 'index/a', 'keys/a', 'snapshots/a', 'config'].map((path) => [`b[1]/${path}`, 'x']),
    )
    await make({ ...repository, file: 'x' })
    const { sources } = await look()
    expect(sources[0]!.config['exclude']).toContain(dir.join('b\\[1]'))
  })

  test('stops at its limits, and says so', async ({ look, make, expect }) => {
    await make({ a: 'x', 'one/b': 'x', 'one/c': 'x', 'one/d': 'x' })
    const { surroundings } = await look({ entries: 3 })
    expect(surroundings).toMatchObject({ isWhole: false, files: [{ path: 'a' }] })
  })

  test('proposes only kinds that there are, and saves as files what no other source does', async ({
    dir,
    look,
    make,
    expect,
  }) => {
    await make({ 'shop.db': DATABASE, file: 'x' })
    const all = await look()
    const settled = settleSources(dir.path, all.sources)
    expect(settled.at(-1)!.config['exclude']).toEqual(
      expect.arrayContaining([dir.join('shop.db'), dir.join('shop.db-wal')]),
    )
    // Whoever does not choose the database gets it as a file.
    const without = settleSources(
      dir.path,
      all.sources.filter(({ kind }) => kind === 'files'),
    )
    expect(without[0]!.config['exclude']).not.toContain(dir.join('shop.db'))
    expect((await look({ kinds: ['files'] })).sources.map(({ kind }) => kind)).toEqual(['files'])
  })
})

describe('names of sources', () => {
  test('are such that the stack file takes them, each once', ({ expect }) => {
    expect(uniqueName('.hidden name', [])).toBe('hidden-name')
    expect(uniqueName('食べる', [])).toBe('unnamed')
    expect(uniqueName('a', ['a', 'a-2'])).toBe('a-3')
  })
})
