import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeHostileTree, readTreeFacts } from '@hikae/testkit'
import { describe } from 'vitest'
import { z } from 'zod'
import { type FilesConfig, filesConfig } from '../../src/sources/files/config.ts'
import { filesSource } from '../../src/sources/files/files-source.ts'
import type { SourceKind } from '../../src/sources/source-kind.ts'
import { describeSource, type SourceSubject } from '../support/describe-source.ts'
import { config, fill, pathsIn, test, textOf } from './file-tree.ts'

describeSource('files', async (dir): Promise<SourceSubject<FilesConfig>> => {
  const base = dir.join('base')
  const tree = join(base, 'tree')
  await mkdir(join(base, 'empty/in/empty'), { recursive: true })
  await mkdir(tree)
  await makeHostileTree(tree, { size: 'small' })
  const lasting = config({ paths: ['base/tree'] })
  const { kind, begun } = tellingWhenItReads(lasting)
  return {
    kind,
    config: config({ paths: ['base/tree'] }),
    folder: dir.path,
    content: (to = tree) => contentOf(to),
    elsewhere: join(base, 'elsewhere'),
    async change() {
      await rm(join(tree, 'contents'), { recursive: true })
      await writeFile(join(tree, 'added'), 'new')
      await writeFile(join(tree, 'links/file'), 'different')
    },
    empty: config({ paths: ['base/empty'] }),
    // The memory of a process cannot be read from its beginning, not even by root.
    failing: config({ paths: ['base/tree', `/proc/${process.pid}/mem`] }),
    lasting: { config: lasting, begun },
    traces: async () => [
      await readdir(base),
      (await readdir(dir.path)).filter((name) => !/^scratch|^state/.test(name)),
    ],
    [Symbol.asyncDispose]: async () => undefined,
  }
})

describe('what has to be there', () => {
  test('is looked for when a point is verified: files, folders and patterns, with how many and how much', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one.jpg': '1', 'app/deep/two.jpg': '22', 'app/conf': '333' })
    const saved = config({ paths: ['app'] })
    await ground.backUp(filesSource, saved, context)
    const point = await ground.point()
    const messagesOf = async (...verify: readonly object[]): Promise<string[]> => {
      const asked = filesConfig.parse({ paths: ['app'], verify })
      return (await filesSource.verify(asked, point, context)).map(({ message }) => message)
    }
    const all = { path: 'app', minFiles: 3, minSize: 6 }
    const right = [all, { path: 'app/conf' }, { path: 'app/**/*.jpg', minFiles: 2 }, { path: dir.join('app/deep') }]
    expect(await messagesOf(...right)).toEqual([])
    expect(
      await messagesOf({ ...all, minFiles: 4 }, { path: 'app/none' }, { path: 'app/*.jpg', minSize: '1K' }),
    ).toEqual([
      'app: 3 files with 6 bytes are in the snapshot, where 4 or more with 6 bytes or more are expected',
      'app/none: 0 files with 0 bytes are in the snapshot, where 1 or more are expected',
      'app/*.jpg: 1 files with 1 bytes are in the snapshot, where 1 or more with 1024 bytes or more are expected',
    ])
  })
})

describe('what is saved', () => {
  test('has its paths and counts in the manifest', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'app/deep/two': '22', 'etc/conf': '333', 'other/three': '' })
    await symlink('one', dir.join('app/link'))
    const { backup, reading } = await ground.backUp(
      filesSource,
      config({ paths: ['app', 'etc/conf', 'app/deep'] }),
      context,
    )
    expect(backup.outcome).toBe('succeeded')
    expect(reading?.findings).toEqual([])
    const point = await ground.point()
    expect(point.facts).toMatchObject({
      paths: [
        { path: dir.join('app'), type: 'directory' },
        { path: dir.join('etc/conf'), type: 'file' },
      ],
      files: 3,
      others: 1,
      bytes: 6,
    })
    expect(await pathsIn(point, dir)).toEqual([
      'app',
      'app/deep',
      'app/deep/two',
      'app/link',
      'app/one',
      'etc',
      'etc/conf',
    ])
    expect(backup.repositories[0]!.snapshot?.paths).toEqual(['app', 'etc/conf', 'app/deep'].map((at) => dir.join(at)))
  })

  test('is what patterns leave', async ({ dir, ground, context, expect }) => {
    await fill(dir, {
      'app/node_modules/x': '',
      'app/.next/y': '',
      'app/src/z': '',
      'app/cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55',
      'app/cache/entry': '',
      'app/marked/.nobackup': '',
      'app/marked/entry': '',
      'app/large': 'x'.repeat(2000),
    })
    const given = config({
      paths: ['app'],
      exclude: ['node_modules', '.next'],
      excludeCaches: true,
      excludeIfPresent: ['.nobackup'],
      excludeLargerThan: '1K',
    })
    const { backup } = await ground.backUp(filesSource, given, context)
    expect(await pathsIn(await ground.point(), dir)).toEqual([
      'app',
      'app/cache',
      'app/cache/CACHEDIR.TAG',
      'app/marked',
      'app/marked/.nobackup',
      'app/src',
      'app/src/z',
    ])
    expect(backup.repositories[0]!.snapshot?.excludes).toEqual(['node_modules', '.next'])
  })

  test('is only what include patterns mean, in the folders that it needs', async ({ dir, ground, context, expect }) => {
    await fill(dir, {
      'srv/a/.env': 'A',
      'srv/a/src/index.ts': '',
      'srv/a/docker-compose.yml': 'services',
      'srv/b/deep/er/.env': 'B',
      'srv/b/node_modules/p/.env': 'not this',
      'srv/c/nothing': '',
      'srv/config/any/thing': 'below what is included',
      alone: 'named itself',
    })
    await mkdir(dir.join('srv/config/empty'))
    const given = config({
      paths: ['srv', 'alone'],
      include: ['**/.env', '**/docker-compose.yml', 'config'],
      exclude: ['node_modules'],
    })
    const { reading } = await ground.backUp(filesSource, given, context)
    expect(await pathsIn(await ground.point(), dir)).toEqual([
      'alone',
      'srv',
      'srv/a',
      'srv/a/.env',
      'srv/a/docker-compose.yml',
      'srv/b',
      'srv/b/deep',
      'srv/b/deep/er',
      'srv/b/deep/er/.env',
      'srv/config',
      'srv/config/any',
      'srv/config/any/thing',
    ])
    expect(reading).toMatchObject({ isEmpty: false, findings: [], facts: { files: 5 } })
  })

  test('is found by patterns in paths, which are names where there are such', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'srv/a/data/1': '', 'srv/b/data/2': '', 'srv/b/other': '', 'web/[id]/page': '', 'web/i/no': '' })
    await mkdir(dir.join('srv/.hikae-new-20261121T201714Z-99999999-00000000'))
    await ground.backUp(filesSource, config({ paths: ['srv/*/data', `${dir.path}/web/[id]`, 'srv/[^a]*'] }), context)
    expect(await pathsIn(await ground.point(), dir)).toEqual([
      ...['srv', 'srv/a', 'srv/a/data', 'srv/a/data/1'],
      ...['srv/b', 'srv/b/data', 'srv/b/data/2', 'srv/b/other', 'web', 'web/[id]', 'web/[id]/page'],
    ])
  })

  test('is cut finely when that is asked for', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/data': 'x' })
    for (const chunk of ['standard', 'fine'] as const) {
      await using source = await filesSource.open(config({ paths: ['app/data'], chunk }), context)
      expect(await lastEntry(source.root)).toMatchObject({
        name: 'data',
        content: { kind: 'path' },
        ...(chunk === 'fine' ? { chunks: 'fine' } : {}),
      })
    }
    await ground.backUp(filesSource, config({ paths: ['app'], chunk: 'fine' }), context)
    expect(await textOf(await ground.point(), dir.join('app/data'))).toBe('x')
  })
})

describe('what is not as it should be', () => {
  test('a missing path makes the run incomplete, and so does a pattern that nothing fits', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one': '' })
    const { backup } = await ground.backUp(filesSource, config({ paths: ['app', 'absent', 'none/*'] }), context)
    expect(backup.outcome).toBe('incomplete')
    expect(backup.unreadable.map(({ path }) => path).sort()).toEqual([dir.join('absent'), 'none/*'])
  })

  test('nothing at all fails, and makes no snapshot', async ({ ground, context, expect }) => {
    for (const paths of [['absent'], ['none/*'], ['absent', 'none/*']]) {
      await expect(ground.backUp(filesSource, config({ paths }), context)).rejects.toThrow(/nothing/)
    }
    expect(await ground.snapshotCount()).toBe(0)
  })

  test('an empty tree is reported by name, with and without include patterns', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one': '' })
    await mkdir(dir.join('empty/deep'), { recursive: true })
    const empty = await ground.backUp(filesSource, config({ paths: ['empty'] }), context)
    expect(empty.reading).toMatchObject({
      isEmpty: true,
      findings: [{ severity: 'error', message: `there is no file to save in ${dir.join('empty')}` }],
    })
    const unmatched = await ground.backUp(filesSource, config({ paths: ['app'], include: ['*.sql'] }), context)
    expect(unmatched.reading).toMatchObject({ isEmpty: true, facts: { files: 0 } })
  })

  test('a path that is named and excluded is a finding', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '', 'cache/two': '' })
    const { reading } = await ground.backUp(
      filesSource,
      config({ paths: ['app', 'cache'], exclude: ['cache'] }),
      context,
    )
    expect(reading?.findings).toMatchObject([{ severity: 'error', message: expect.stringContaining('left out') }])
  })

  test('is found by examining', async ({ dir, context, expect }) => {
    await fill(dir, { 'app/one': '', 'cache/two': '' })
    await mkdir(dir.join('empty'))
    const given = config({
      paths: ['app', 'absent', 'none/*', 'cache', 'empty'],
      include: ['one', '*.sql'],
      exclude: ['cache'],
    })
    const findings = await filesSource.examine(given, context)
    expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: nothing matches none/*',
      `error: ${dir.join('absent')} is not there`,
      `error: ${dir.join('cache')} is named, and left out by an exclude option`,
      `warning: nothing in ${dir.join('empty')} would be saved`,
      'warning: no file matches the include pattern *.sql',
    ])
    expect(findings.every(({ hint }) => hint !== undefined)).toBe(true)
  })

  test('a pattern that cannot be understood', async ({ dir, context, expect }) => {
    await fill(dir, { 'app/one': '' })
    expect(await filesSource.examine(config({ paths: ['app'], exclude: ['[a'] }), context)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('[a') },
    ])
    await expect(filesSource.open(config({ paths: ['app'], exclude: ['[a'] }), context)).rejects.toThrow('[a')
  })

  test('is described for editors', ({ expect }) => {
    expect(z.toJSONSchema(filesConfig, { io: 'input' })).toMatchObject({ required: ['paths'] })
  })

  test.for([
    [{ paths: [] }],
    [{ paths: ['a\0b'] }],
    [{ paths: ['a'], excludeLargerThan: 'huge' }],
    [{ paths: ['a'], incldue: [] }],
  ])('%j is no configuration', ([given], { expect }) => {
    expect(filesConfig.safeParse(given).success).toBe(false)
  })
})

/** The kind, and when the files of one configuration begin to be read. */
function tellingWhenItReads(watched: FilesConfig): { kind: SourceKind<FilesConfig>; begun: () => Promise<void> } {
  const begun = Promise.withResolvers<void>()
  return {
    begun: () => begun.promise,
    kind: {
      ...filesSource,
      async open(given, context) {
        const source = await filesSource.open(given, context)
        if (given !== watched) return source
        return {
          ...source,
          root: {
            ...source.root,
            async *children(signal) {
              begun.resolve()
              yield* source.root.children(signal)
            },
          },
        }
      },
    },
  }
}

/** All facts that are saved: not how much room files take up, no sockets, and not that a FIFO has two names. */
async function contentOf(root: string): Promise<unknown> {
  const facts = [...(await readTreeFacts(root))].filter(([, { type }]) => type !== 'socket')
  return facts.map(([path, fact]) => {
    const isFifo = fact.type === 'fifo'
    return [path, { ...fact, allocated: undefined, sameFile: isFifo ? undefined : fact.sameFile }]
  })
}

/** The deepest of the first entries. */
async function lastEntry(directory: Awaited<ReturnType<typeof filesSource.open>>['root']): Promise<unknown> {
  for await (const entry of directory.children(new AbortController().signal)) {
    return entry.kind === 'directory' ? await lastEntry(entry) : entry
  }
  return undefined
}
