import { describe, expect, test } from 'vitest'
import { alterFile, makeFilledRepository, makeNode, type TreeSpec } from '../../repository/fixture.test.support.ts'
import { PathMissingError } from '../tree-path.ts'
import { diff, type DiffOptions, type DiffSide } from './diff.ts'
import type { DiffStatistics } from './statistics.ts'
import { hasSameMetadata } from './same-node.ts'

async function compare(
  before: TreeSpec,
  after: TreeSpec,
  options: DiffOptions & { from?: string; to?: string } = {},
): Promise<{ changes: string[]; statistics: DiffStatistics }> {
  const { repository, snapshots } = await makeFilledRepository([before, after])
  const side = (at: number, path: string | undefined): DiffSide => ({
    snapshot: snapshots[at]!,
    ...(path === undefined ? {} : { path }),
  })
  const comparison = diff(repository, side(0, options.from), side(1, options.to), options)
  const changes: string[] = []
  for (;;) {
    const step = await comparison.next()
    if (step.done) return { changes, statistics: step.value }
    changes.push(`${step.value.modifier} ${step.value.path}`)
  }
}

const NOTHING = { files: 0, dirs: 0, others: 0, dataBlobs: 0, treeBlobs: 0, bytes: 0 }

describe('a comparison', () => {
  test('of equal trees finds nothing, and counts nothing', async () => {
    const spec = { a: { b: 'b' }, c: 'c' }
    expect(await compare(spec, spec)).toEqual({
      changes: [],
      statistics: { changedFiles: 0, added: NOTHING, removed: NOTHING },
    })
  })

  test('finds what was added, removed, changed, and turned into something else', async () => {
    const { changes, statistics } = await compare(
      { gone: { x: 'gone x', y: {} }, kept: { same: 'same' }, mod: 'before', turned: 'file' },
      {
        added: { link: { type: 'symlink', linkTarget: 't' }, n: 'new' },
        kept: { same: 'same' },
        mod: 'after',
        turned: {},
      },
    )
    expect(changes).toEqual([
      '+ /added/',
      '+ /added/link',
      '+ /added/n',
      '- /gone/',
      '- /gone/x',
      '- /gone/y/',
      'M /mod',
      'T /turned/',
    ])
    expect(statistics.changedFiles).toBe(1)
    expect(statistics.added).toMatchObject({ files: 1, dirs: 1, others: 1, dataBlobs: 2 })
    expect(statistics.removed).toMatchObject({ files: 1, dirs: 2, others: 0, dataBlobs: 3 })
    expect(statistics.removed.bytes).toBeGreaterThan('gone x'.length + 'before'.length + 'file'.length)
  })

  test('goes by raw bytes of names, and puts a slash behind directories', async () => {
    const { changes } = await compare({}, { 'a b': {}, 'a!': 'x', a: {}, '\xff': 'y', é: 'z' })
    expect(changes).toEqual(['+ /a/', '+ /a b/', '+ /a!', '+ /é', '+ /\xff'])
  })

  test('tells metadata only when asked', async () => {
    const file = (fields: object) => ({ file: { type: 'file', content: [], ...fields } }) as TreeSpec
    const older = file({ mtime: '2020-01-01T00:00:00Z' })
    const newer = file({ mtime: '2021-01-01T00:00:00Z' })
    expect((await compare(older, newer)).changes).toEqual([])
    expect((await compare(older, newer, { metadata: true })).changes).toEqual(['U /file'])
    const sameInstant = file({ mtime: '2020-01-01T09:00:00+09:00' })
    expect((await compare(older, sameInstant, { metadata: true })).changes).toEqual([])
  })

  test('suspects the disk when only content differs', async () => {
    expect((await compare({ f: 'x1' }, { f: 'x2' })).changes).toEqual(['M? /f'])
    expect((await compare({ f: 'x1' }, { f: 'longer' })).changes).toEqual(['M /f'])
  })

  test('does not count blobs that lie in an unchanged directory as well', async () => {
    const { statistics } = await compare({ kept: { copy: 'content' }, moved: 'content' }, { kept: { copy: 'content' } })
    expect(statistics.removed).toMatchObject({ files: 1, dataBlobs: 0, treeBlobs: 1 })
    const moved = await compare({ here: 'content' }, { there: 'content' })
    expect(moved.statistics).toMatchObject({ added: { files: 1, dataBlobs: 0 }, removed: { files: 1, dataBlobs: 0 } })
  })

  test('can be of directories inside the snapshots', async () => {
    const { changes } = await compare({ a: { b: { x: 'x' } } }, { c: { y: 'y' } }, { from: '/a/b', to: 'c' })
    expect(changes).toEqual(['- /x', '+ /y'])
    await expect(compare({ a: 'file' }, {}, { from: '/a' })).rejects.toThrow('is not a directory')
    await expect(compare({ a: 'file' }, {}, { to: '/b' })).rejects.toThrow(PathMissingError)
  })

  test('reports a directory that cannot be read, and goes on', async () => {
    const { repository, snapshots } = await makeFilledRepository([{ a: { x: 'x' } }, { a: { y: 'y' }, b: { z: 'z' } }])
    const { nodes } = await repository.readTree(snapshots[1]!.tree)
    const { pack, offset } = repository.index.find('tree', nodes[0]!.subtree!)!
    await alterFile(repository.backend, 'pack', pack, (content) => content.fill(0, offset, offset + 10))
    const unreadable: string[] = []
    const changes: string[] = []
    const from = { snapshot: snapshots[0]! }
    const to = { snapshot: snapshots[1]! }
    for await (const { path } of diff(repository, from, to, { onUnreadable: (path) => unreadable.push(path) })) {
      changes.push(path)
    }
    expect(unreadable).toEqual(['/a'])
    expect(changes).toEqual(['/b/', '/b/z'])
    await expect(diff(repository, from, to).next()).rejects.toThrow('is damaged')
  })
})

describe('metadata', () => {
  const node = makeNode({ name: 'n', type: 'file', content: [] })
  const attributes = [
    { name: 'user.a', value: Buffer.from('1') },
    { name: 'user.b', value: null },
  ]

  test.for<[string, object]>([
    ['mode', { mode: 0o600 }],
    ['owner', { uid: 1 }],
    ['group name', { group: 'wheel' }],
    ['inode', { inode: 1n }],
    ['device of the file system', { deviceId: 1n }],
    ['size', { size: 1 }],
    ['links', { links: 2n }],
    ['access time', { atime: '2020-01-01T00:00:00Z' }],
    ['change time', { ctime: '2020-01-01T00:00:00.000000001Z' }],
    ['link target', { linkTarget: 'x' }],
    ['an attribute', { extendedAttributes: attributes }],
    ['windows attributes', { genericAttributes: '{}' }],
  ])('differs by %s', ([, change]) => {
    expect(hasSameMetadata(node, { ...node, ...change })).toBe(false)
  })

  test('does not differ by content, the order of attributes, or null for an empty one', () => {
    expect(hasSameMetadata(node, { ...node, content: null })).toBe(true)
    const other = [
      { name: 'user.b', value: Buffer.alloc(0) },
      { name: 'user.a', value: Buffer.from('1') },
    ]
    const [one, two] = [attributes, other].map((extendedAttributes) => ({ ...node, extendedAttributes }))
    expect(hasSameMetadata(one!, two!)).toBe(true)
    const changed = { ...node, extendedAttributes: [{ name: 'user.a', value: Buffer.from('2') }, attributes[1]!] }
    expect(hasSameMetadata(one!, changed)).toBe(false)
  })
})
