import { describe, expect, test, vi } from 'vitest'
import {
  makeFilledRepository,
  makeNode,
  makeRepository,
  RepositoryFiller,
} from '../../repository/fixture.test.support.ts'
import type { TreeId } from '../../ids.ts'
import { BlobWriter } from '../../repository/blob-writer.ts'
import type { Repository } from '../../repository/repository.ts'
import { type RewriteRules, TreeRewriter, unfaithfulTree } from './tree-rewriter.ts'

function without(name: string, repository: Repository, rules: Partial<RewriteRules> = {}) {
  const writer = new BlobWriter(repository)
  const rewriter = new TreeRewriter(repository, {
    scope: 'path',
    entry: (node) => (node.name === name ? undefined : node),
    unfaithful: (path, id) => {
      throw unfaithfulTree(path, id)
    },
    store: async (tree) => await writer.add('tree', tree),
    ...rules,
  })
  return async (root: TreeId) => {
    const result = await rewriter.rewrite(root)
    await writer.finish()
    await repository.loadIndex()
    return result
  }
}

test('a tree without the entry has the id that it would have had if the entry never was', async () => {
  const spec = (secret: object) => ({ keep: 'x', dir: { a: 'aa', deep: { ...secret, b: 'bbb' } } })
  const { repository, snapshots } = await makeFilledRepository([spec({ secret: 'key' }), spec({})])
  const result = await without('secret', repository)(snapshots[0]!.tree)
  expect(result).toEqual({ id: snapshots[1]!.tree, leaves: 3, files: 3, bytes: 6 })
})

test('what is not concerned keeps its id, and nothing is stored', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ file: 'x', dir: { link: { type: 'symlink' } } }])
  const store = vi.fn<RewriteRules['store']>()
  const rewrite = without('absent', repository, { store })
  expect(await rewrite(snapshots[0]!.tree)).toEqual({ id: snapshots[0]!.tree, leaves: 2, files: 1, bytes: 1 })
  expect(store).not.toHaveBeenCalled()
})

test('a tree is read once for each place, or once at all, and counted wherever it is', async () => {
  const same = { file: '12345', sub: { other: '1' } }
  const { repository, snapshots } = await makeFilledRepository([
    { one: same, two: same },
    { one: same, new: 'n' },
  ])
  for (const [scope, reads] of [
    ['path', 6],
    ['entry', 4],
  ] as const) {
    const onTree = vi.fn<() => void>()
    const rewrite = without('absent', repository, { scope, onTree })
    expect(await rewrite(snapshots[0]!.tree)).toMatchObject({ files: 4, bytes: 12 })
    expect(await rewrite(snapshots[1]!.tree)).toMatchObject({ files: 3, bytes: 7 })
    expect(onTree).toHaveBeenCalledTimes(reads)
  }
})

test('directories may nest ten thousand deep', async () => {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  let subtree = await filler.addTree({ secret: 'x', file: 'y' })
  for (let depth = 0; depth < 10_000; depth++) {
    subtree = await filler.addNodes([makeNode({ name: 'd', type: 'dir', subtree })])
  }
  await filler.finish()
  const { id, files } = await without('secret', repository, { scope: 'entry' })(subtree)
  expect(files).toBe(1)
  expect(id).not.toBe(subtree)
})

test('a directory in which nothing is left goes when the rules say so, and only then', async () => {
  const { repository, snapshots } = await makeFilledRepository([
    { a: { secret: 'x' }, b: { c: { secret: 'x' } }, file: '' },
    { file: '' },
    { a: {}, b: { c: {} }, file: '' },
  ])
  const dropping = without('secret', repository, { dropsEmpty: () => true })
  expect((await dropping(snapshots[0]!.tree)).id).toBe(snapshots[1]!.tree)
  expect((await without('secret', repository)(snapshots[0]!.tree)).id).toBe(snapshots[2]!.tree)
})

describe('a tree that Hikae does not understand in full', () => {
  async function withTree(json: string): Promise<{ repository: Repository; root: TreeId }> {
    const repository = await makeRepository()
    const filler = new RepositoryFiller(repository)
    const subtree = await filler.addBlob('tree', Buffer.from(json))
    const root = await filler.addNodes([makeNode({ name: 'dir', type: 'dir', subtree })])
    await filler.finish()
    return { repository, root }
  }
  const node = (name: string, more = '') =>
    `{"name":"${name}","type":"file","mtime":"2024-01-01T00:00:00Z","atime":"2024-01-01T00:00:00Z","ctime":"2024-01-01T00:00:00Z","uid":0,"gid":0${more},"content":[]}`

  test.for([
    ['an unknown field', `{"nodes":[${node('a', ',"label":"x"')},${node('secret')}]}\n`],
    ['spaces', `{"nodes": [${node('a')},${node('secret')}]}\n`],
    ['no line end', `{"nodes":[${node('a')},${node('secret')}]}`],
    ['another order of keys', `{"nodes":[{"type":"file",${node('secret').slice(1).replace(',"type":"file"', '')}]}\n`],
  ] as const)('because of %s is not changed, and named', async ([, json]) => {
    const { repository, root } = await withTree(json)
    await expect(without('secret', repository)(root)).rejects.toThrow(
      /the directory \/dir \(tree [0-9a-f]{8}\) cannot be changed without losing/,
    )
    // As long as nothing in it is to be changed, it does no harm.
    expect((await without('absent', repository)(root)).id).toBe(root)
  })

  test('in the order of its names is understood: the order stays', async () => {
    const { repository, root } = await withTree(`{"nodes":[${node('z')},${node('secret')},${node('a')}]}\n`)
    const { id } = await without('secret', repository)(root)
    const { nodes } = await repository.readTree((await repository.readTree(id)).nodes[0]!.subtree!)
    expect(nodes.map(({ name }) => name)).toEqual(['z', 'a'])
  })
})

test('an unreadable tree ends the work, unless there is something in its place', async () => {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  const missing = 'ab'.repeat(32) as TreeId
  const root = await filler.addNodes([
    makeNode({ name: 'gone', type: 'dir', subtree: missing }),
    makeNode({ name: 'void', type: 'dir' }),
  ])
  const empty = await filler.addNodes([])
  await filler.finish()
  await expect(without('secret', repository)(root)).rejects.toThrow('is in no index')
  const paths: string[] = []
  const rewrite = without('secret', repository, {
    unreadable: async (path) => {
      paths.push(path)
      return empty
    },
  })
  const { id } = await rewrite(root)
  expect(paths).toEqual(['/gone', '/void'])
  expect((await repository.readTree(id)).nodes.map(({ subtree }) => subtree)).toEqual([empty, empty])
})

test('it stops when it is told to', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ dir: { file: 'x' } }])
  const stop = new AbortController()
  const rewriter = new TreeRewriter(
    repository,
    {
      scope: 'path',
      entry: (node) => node,
      unfaithful: () => undefined,
      unreadable: async (_, id) => id!,
      store: async () => snapshots[0]!.tree,
      onTree: () => stop.abort(new Error('enough')),
    },
    stop.signal,
  )
  await expect(rewriter.rewrite(snapshots[0]!.tree)).rejects.toThrow('enough')
})
