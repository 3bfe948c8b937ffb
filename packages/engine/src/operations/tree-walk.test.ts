import { expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import type { TreeId } from '../ids.ts'
import { IdSet } from '../index/id-set.ts'
import { makeFilledRepository, type TreeSpec } from '../repository/fixture.test.support.ts'
import type { Repository } from '../repository/repository.ts'
import { pathOfPlace, walkTrees } from './tree-walk.ts'

async function visit(repository: Repository, roots: readonly TreeId[], concurrency = 4): Promise<string[]> {
  const visited: string[] = []
  await walkTrees(roots, {
    read: (id) => repository.readTree(id),
    concurrency,
    onTree: (_, { nodes }, place) => visited.push(`${place.root} ${pathOfPlace(place)} ${nodes.length}`),
  })
  return visited.sort()
}

test('every tree is visited once, over all roots, with a place where it is', async () => {
  const shared: TreeSpec = { deep: { er: { file: 'x' } } }
  const { repository, snapshots } = await makeFilledRepository([
    { a: shared, b: shared },
    { a: shared, c: { other: 'y' } },
  ])
  const roots = snapshots.map(({ tree }) => tree)
  expect(await visit(repository, [...roots, roots[0]!], 1)).toEqual([
    '0 / 2',
    '0 /a 1',
    '0 /a/deep 1',
    '0 /a/deep/er 1',
    '1 / 2',
    '1 /c 1',
  ])
  expect(await visit(repository, roots, 10)).toHaveLength(6)
})

test('trees that were seen before are left out, and every visited one is remembered', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ a: {} }, { a: {}, b: { c: 'c' } }])
  const seen = new IdSet()
  const visits: number[] = []
  for (const { tree } of snapshots) {
    let count = 0
    await walkTrees([tree], { read: (id) => repository.readTree(id), concurrency: 2, seen, onTree: () => count++ })
    visits.push(count)
  }
  expect(visits).toEqual([2, 2])
  expect(seen.size).toBe(4)
})

test('several trees are read at the same time, no more than allowed', async () => {
  const { repository, snapshots } = await makeFilledRepository([
    Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`d${number}`, { file: `${number}` }])),
  ])
  let [reading, most] = [0, 0]
  await walkTrees([snapshots[0]!.tree], {
    concurrency: 3,
    read: async (id) => {
      most = Math.max(most, ++reading)
      const tree = await repository.readTree(id)
      reading--
      return tree
    },
    onTree: () => undefined,
  })
  expect(most).toBe(3)
})

test('an unreadable tree is told or thrown, and an abort ends the walk', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ a: { b: { c: 'c' } }, d: { e: 'e' } }])
  const failing = (await repository.readTree(snapshots[0]!.tree)).nodes[0]!.subtree!
  const read = async (id: TreeId) => {
    if (id === failing) throw new DamagedError('broken')
    return await repository.readTree(id)
  }
  const roots = [snapshots[0]!.tree]
  await expect(walkTrees(roots, { read, concurrency: 2, onTree: () => undefined })).rejects.toThrow('broken')
  const [visited, unreadable]: string[][] = [[], []]
  await walkTrees(roots, {
    read,
    concurrency: 2,
    onTree: (_, __, place) => visited!.push(pathOfPlace(place)),
    onUnreadable: (_, error, place) => unreadable!.push(`${pathOfPlace(place)}: ${(error as Error).message}`),
  })
  expect(visited!.sort()).toEqual(['/', '/d'])
  expect(unreadable).toEqual(['/a: broken'])
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(walkTrees(roots, { read, concurrency: 2, signal, onTree: () => undefined })).rejects.toThrow('enough')
})

test('what a visitor throws ends the walk', async () => {
  const { repository, snapshots } = await makeFilledRepository([{ a: { b: {} } }])
  const walk = walkTrees([snapshots[0]!.tree], {
    read: (id) => repository.readTree(id),
    concurrency: 4,
    onTree: () => {
      throw new Error('from the visitor')
    },
  })
  await expect(walk).rejects.toThrow('from the visitor')
})
