import { expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import type { TreeId } from '../../ids.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { DamageTally } from './touched-snapshots.ts'

const treeOf = (name: string | number): TreeId => sha256Id(Buffer.from(`tree ${name}`))

function snapshotOf(root: TreeId): StoredSnapshot {
  return { id: sha256Id(Buffer.from(`snapshot of ${root}`)), time: '2024-01-01T00:00:00Z', tree: root, paths: ['/'] }
}

function damageBelow(tally: DamageTally, ...roots: TreeId[]) {
  return tally.touched(roots.map(snapshotOf)).map(({ files, directories }) => ({ files, directories }))
}

test('damage counts wherever a directory occurs, and in every snapshot that has it', () => {
  const tally = new DamageTally()
  tally.addTree(treeOf('root'), [treeOf('shared'), treeOf('copy')], 1, 0)
  tally.addTree(treeOf('copy'), [treeOf('shared'), treeOf('gone')], 0, 1)
  tally.addTree(treeOf('shared'), [], 2, 0)
  tally.addUnreadableTree(treeOf('gone'))
  tally.addTree(treeOf('other root'), [treeOf('shared'), treeOf('whole')], 0, 0)
  tally.addTree(treeOf('whole'), [], 0, 0)
  const [root, other, whole] = [treeOf('root'), treeOf('other root'), treeOf('whole')]
  expect(damageBelow(tally, root, other, whole)).toEqual([
    { files: 5, directories: 2 },
    { files: 2, directories: 0 },
  ])
})

test('directories may be nested as deep as they like', () => {
  const tally = new DamageTally()
  const depth = 50_000
  for (let level = 0; level < depth; level++) tally.addTree(treeOf(level), [treeOf(level + 1)], 0, 0)
  tally.addTree(treeOf(depth), [], 1, 0)
  expect(damageBelow(tally, treeOf(0))).toEqual([{ files: 1, directories: 0 }])
})
