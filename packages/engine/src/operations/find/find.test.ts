import { describe, expect, test, vi } from 'vitest'
import { InvalidInputError } from '../../errors.ts'
import { parseTime } from '../../json/go-time.ts'
import { alterFile, makeFilledRepository, type TreeSpec } from '../../repository/fixture.test.support.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { type EntryQuery, findEntries, type FindOptions } from './find-entries.ts'
import { findObjects, type ObjectQuery } from './find-objects.ts'

const SPEC: TreeSpec = {
  home: { Notes: { 'a.TXT': 'a' }, 'a.txt': 'b', 'b.md': 'c' },
  etc: { conf: { 'a.txt': 'd' } },
}

interface Filled {
  readonly repository: Repository
  readonly snapshots: readonly StoredSnapshot[]
}

async function find({ repository, snapshots }: Filled, query: EntryQuery, options: FindOptions = {}) {
  const found: string[] = []
  for await (const { snapshot, path } of findEntries(repository, snapshots, query, options)) {
    found.push(`${snapshots.indexOf(snapshot)} ${path}`)
  }
  return found
}

describe('a search for entries', () => {
  test('finds names anywhere, and paths from the root', async () => {
    const filled = await makeFilledRepository([SPEC])
    expect(await find(filled, { patterns: ['*.txt'] })).toEqual(['0 /etc/conf/a.txt', '0 /home/a.txt'])
    expect(await find(filled, { patterns: ['/home/*.txt'] })).toEqual(['0 /home/a.txt'])
    expect(await find(filled, { patterns: ['conf/a.txt'] })).toEqual(['0 /etc/conf/a.txt'])
    expect(await find(filled, { patterns: ['/**/conf'] })).toEqual(['0 /etc/conf', '0 /etc/conf/a.txt'])
    expect(await find(filled, { patterns: ['*.md', 'nothing', 'conf'] })).toEqual([
      '0 /etc/conf',
      '0 /etc/conf/a.txt',
      '0 /home/b.md',
    ])
  })

  test('can ignore case', async () => {
    const filled = await makeFilledRepository([SPEC])
    const query = { patterns: ['A.txt'] }
    expect(await find(filled, query)).toEqual([])
    expect(await find(filled, { ...query, ignoreCase: true })).toEqual([
      '0 /etc/conf/a.txt',
      '0 /home/Notes/a.TXT',
      '0 /home/a.txt',
    ])
  })

  test('can be bounded by modification times, both ends included', async () => {
    const file = (mtime: string) => ({ type: 'file', content: [], mtime }) as const
    const spec = {
      old: file('2020-01-01T00:00:00Z'),
      mid: file('2021-01-01T00:00:00Z'),
      new: file('2022-01-01T00:00:00Z'),
    }
    const filled = await makeFilledRepository([spec])
    const middle = parseTime('2021-01-01T01:00:00+01:00')
    expect(await find(filled, { patterns: ['*'], oldest: middle })).toEqual(['0 /mid', '0 /new'])
    expect(await find(filled, { patterns: ['*'], newest: middle })).toEqual(['0 /mid', '0 /old'])
    expect(await find(filled, { patterns: ['*'], oldest: middle + 1n, newest: middle + 1n })).toEqual([])
  })

  test('goes through all snapshots, and reads unchanged directories without finds only once', async () => {
    const filled = await makeFilledRepository([SPEC, { ...SPEC, extra: 'x' }, { ...SPEC, more: 'y' }])
    const readTree = vi.spyOn(filled.repository, 'readTree')
    expect(await find(filled, { patterns: ['*.md'] })).toEqual(['0 /home/b.md', '1 /home/b.md', '2 /home/b.md'])
    const reads = readTree.mock.calls.map(([id]) => id)
    const { nodes } = await filled.repository.readTree(filled.snapshots[0]!.tree)
    const [etc, home] = nodes.map(({ subtree }) => subtree!)
    expect(reads.filter((id) => id === etc)).toHaveLength(1)
    expect(reads.filter((id) => id === home)).toHaveLength(3)
  })

  test('finds what the same directory holds at another path', async () => {
    const shared = { file: 'x' }
    const filled = await makeFilledRepository([{ a: shared }, { b: shared }])
    expect(await find(filled, { patterns: ['/b/file'] })).toEqual(['1 /b/file'])
  })

  test('does not descend where an anchored pattern cannot fit', async () => {
    const filled = await makeFilledRepository([SPEC])
    const readTree = vi.spyOn(filled.repository, 'readTree')
    await find(filled, { patterns: ['/home/b.md'] })
    expect(readTree.mock.calls.length).toBeLessThanOrEqual(3)
    const { nodes } = await filled.repository.readTree(filled.snapshots[0]!.tree)
    expect(readTree.mock.calls.map(([id]) => id)).not.toContain(nodes[0]!.subtree)
  })

  test('reports directories that cannot be read for each snapshot, and goes on', async () => {
    const filled = await makeFilledRepository([SPEC, { ...SPEC, extra: 'x' }])
    const { nodes } = await filled.repository.readTree(filled.snapshots[0]!.tree)
    const { pack, offset } = filled.repository.index.find('tree', nodes[0]!.subtree!)!
    await alterFile(filled.repository.backend, 'pack', pack, (content) => content.fill(0, offset, offset + 10))
    const unreadable: string[] = []
    const onUnreadable: FindOptions['onUnreadable'] = (snapshot, path) =>
      unreadable.push(`${filled.snapshots.indexOf(snapshot)} ${path}`)
    expect(await find(filled, { patterns: ['b.md'] }, { onUnreadable })).toEqual(['0 /home/b.md', '1 /home/b.md'])
    expect(unreadable).toEqual(['0 /etc', '1 /etc'])
    await expect(find(filled, { patterns: ['b.md'] })).rejects.toThrow('is damaged')
  })

  test('needs a pattern that can be understood', async () => {
    const filled = await makeFilledRepository([SPEC])
    await expect(find(filled, { patterns: ['[a'] })).rejects.toThrow('a bracket is not closed')
    await expect(find(filled, { patterns: [''] })).rejects.toThrow(InvalidInputError)
  })
})

describe('a search for objects', () => {
  async function findAll({ repository, snapshots }: Filled, query: ObjectQuery) {
    const found: string[] = []
    for await (const { snapshot, type, path } of findObjects(repository, snapshots, query)) {
      found.push(`${snapshots.indexOf(snapshot)} ${type} ${path}`)
    }
    return found
  }

  test('names the files that hold a blob, by its id or the beginning of it', async () => {
    const filled = await makeFilledRepository([{ a: ['one', 'two'], d: { b: 'two' } }, { c: 'one' }])
    const { nodes } = await filled.repository.readTree(filled.snapshots[0]!.tree)
    const [one, two] = nodes[0]!.content!
    expect(await findAll(filled, { blobs: [one!] })).toEqual(['0 data /a', '1 data /c'])
    expect(await findAll(filled, { blobs: [two!.slice(0, 8).toUpperCase()] })).toEqual(['0 data /a', '0 data /d/b'])
    expect(await findAll(filled, { blobs: [one!, two!] })).toHaveLength(4)
  })

  test('names the directories that a tree lists, the root too', async () => {
    const filled = await makeFilledRepository([{ d: { e: {} } }])
    const root = filled.snapshots[0]!.tree
    const { nodes } = await filled.repository.readTree(root)
    expect(await findAll(filled, { trees: [root] })).toEqual(['0 tree /'])
    expect(await findAll(filled, { trees: [nodes[0]!.subtree!, root] })).toEqual(['0 tree /', '0 tree /d'])
  })

  test('takes a pack for all the blobs in it', async () => {
    const filled = await makeFilledRepository([{ a: 'a', d: { b: 'b' } }])
    const [data, trees] = filled.repository.index.packIds
    expect(await findAll(filled, { packs: [data!.slice(0, 10)] })).toEqual(['0 data /a', '0 data /d/b'])
    expect(await findAll(filled, { packs: [trees!] })).toEqual(['0 tree /', '0 tree /d'])
  })

  test('refuses ids that fit nothing, fit several, or are none', async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`f${number}`, `content ${number}`]))
    const filled = await makeFilledRepository([files])
    await expect(findAll(filled, { blobs: ['0'.repeat(64)] })).rejects.toThrow('there is no data blob 000')
    await expect(findAll(filled, { packs: ['xyz'] })).rejects.toThrow('not the beginning of an id')
    await expect(findAll(filled, {})).rejects.toThrow('no id to search for')
    // Twenty ids have only sixteen first digits.
    const digits = '0123456789abcdef'.split('')
    const outcomes = await Promise.all(
      digits.map((digit) => findAll(filled, { blobs: [digit] }).then(() => '', String)),
    )
    expect(outcomes.some((outcome) => outcome.includes('is not unique'))).toBe(true)
  })
})
