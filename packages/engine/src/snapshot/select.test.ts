import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../errors.ts'
import type { SnapshotId, TreeId } from '../ids.ts'
import {
  AmbiguousSnapshotError,
  groupSnapshots,
  latest,
  matchesFilter,
  newestFirst,
  resolveSnapshot,
  SnapshotNotFoundError,
} from './select.ts'
import type { StoredSnapshot } from './snapshot.ts'

function snapshot(id: string, time: string, fields: Partial<StoredSnapshot> = {}): StoredSnapshot {
  const tree = '0'.repeat(64) as TreeId
  return { id: id.padEnd(64, '0') as SnapshotId, time, tree, paths: ['/srv'], hostname: 'a', ...fields }
}

const oldest = snapshot('aa1', '2024-01-01T00:00:00Z', { hostname: 'b' })
// Its text is greater than that of the newest, its instant is not.
const middle = snapshot('ab2', '2024-01-02T05:00:00+09:00', { tags: ['x', 'y'], paths: ['/srv', '/etc'] })
const newest = snapshot('cc3', '2024-01-01T23:00:00Z', { tags: ['x'] })
const all = [middle, newest, oldest]

describe('a filter', () => {
  const matching = (filter: Parameters<typeof matchesFilter>[1]) => all.filter((each) => matchesFilter(each, filter))

  test('without conditions matches all', () => {
    expect(matching({})).toEqual(all)
    expect(matching({ hosts: [], tags: [], paths: [] })).toEqual(all)
  })

  test('takes one of its hosts', () => {
    expect(matching({ hosts: ['b', 'c'] })).toEqual([oldest])
    expect(matching({ hosts: ['a', 'b'] })).toEqual(all)
  })

  test('takes all tags of one of its lists', () => {
    expect(matching({ tags: [['x']] })).toEqual([middle, newest])
    expect(matching({ tags: [['x', 'y']] })).toEqual([middle])
    expect(matching({ tags: [['x', 'z'], ['y']] })).toEqual([middle])
    expect(matching({ tags: [['z']] })).toEqual([])
  })

  test('takes the empty tag for snapshots without tags', () => {
    expect(matching({ tags: [['']] })).toEqual([oldest])
    expect(matching({ tags: [[''], ['y']] })).toEqual([middle, oldest])
  })

  test('takes snapshots that have all its paths', () => {
    expect(matching({ paths: ['/srv'] })).toEqual(all)
    expect(matching({ paths: ['/etc', '/srv'] })).toEqual([middle])
  })

  test('must hold in every part', () => {
    expect(matching({ hosts: ['b'], tags: [['x']] })).toEqual([])
  })
})

describe('the newest snapshot', () => {
  test('is that of the greatest instant, not of the greatest text', () => {
    expect(newestFirst(all)).toEqual([newest, middle, oldest])
    expect(latest(all)).toBe(newest)
    expect(latest(all, { hosts: ['b'] })).toBe(oldest)
    expect(latest(all, { hosts: ['z'] })).toBeUndefined()
    expect(latest([])).toBeUndefined()
  })

  test('is the same one in any order when instants are equal', () => {
    const twins = [snapshot('e', newest.time), snapshot('d', '2024-01-02T00:00:00+01:00')]
    expect(latest(twins)).toBe(latest(twins.toReversed()))
  })
})

describe('a named snapshot', () => {
  test('is the latest, or counted back from it', () => {
    expect(resolveSnapshot(all, 'latest')).toEqual({ snapshot: newest, path: '/' })
    expect(resolveSnapshot(all, 'latest~0').snapshot).toBe(newest)
    expect(resolveSnapshot(all, 'latest~2').snapshot).toBe(oldest)
    expect(resolveSnapshot(all, 'latest~1', { tags: [['x']] }).snapshot).toBe(middle)
    expect(() => resolveSnapshot(all, 'latest~3')).toThrow(SnapshotNotFoundError)
    expect(() => resolveSnapshot(all, 'latest~2', { tags: [['x']] })).toThrow('2 of 3 match')
    expect(() => resolveSnapshot([], 'latest')).toThrow(SnapshotNotFoundError)
  })

  test('is the only one whose id begins so, whatever the filter', () => {
    expect(resolveSnapshot(all, 'c', { hosts: ['b'] }).snapshot).toBe(newest)
    expect(resolveSnapshot(all, 'AB').snapshot).toBe(middle)
    expect(resolveSnapshot(all, oldest.id).snapshot).toBe(oldest)
    expect(() => resolveSnapshot(all, 'd')).toThrow(SnapshotNotFoundError)
  })

  test('is refused when several ids begin so, and the error lists them', () => {
    expect(() => resolveSnapshot(all, 'a')).toThrow(AmbiguousSnapshotError)
    expect(() => resolveSnapshot(all, 'a')).toThrow(/ab200000 \(2024-01-02.*aa100000 \(2024-01-01/)
    const many = Array.from({ length: 13 }, (_, index) => snapshot(`f${index.toString(16)}`, newest.time))
    expect(() => resolveSnapshot(many, 'f')).toThrow('and 3 more')
  })

  test.each(['', 'newest', 'latest~', 'latest~x', 'xyz', 'a'.repeat(65), '-1', ':/srv'])('cannot be %j', (spec) => {
    expect(() => resolveSnapshot(all, spec)).toThrow(InvalidInputError)
  })

  test.each([
    ['latest:sub/path', '/sub/path'],
    ['latest:/sub/path/', '/sub/path'],
    ['cc3://a//b/./c', '/a/b/c'],
    ['latest~0:../../etc', '/etc'],
    ['latest:a:b', '/a:b'],
    ['latest:', '/'],
    ['latest:/', '/'],
  ])('may be followed by a path: %s is %s', (spec, path) => {
    expect(resolveSnapshot(all, spec)).toEqual({ snapshot: newest, path })
  })
})

describe('groups', () => {
  test('are by host and paths unless asked otherwise, in a stable order, newest first', () => {
    const other = snapshot('dd4', '2023-01-01T00:00:00Z', { paths: ['/etc', '/srv'] })
    const expected = [
      { hostname: 'a', paths: ['/etc', '/srv'], snapshots: [middle, other] },
      { hostname: 'a', paths: ['/srv'], snapshots: [newest] },
      { hostname: 'b', paths: ['/srv'], snapshots: [oldest] },
    ]
    expect(groupSnapshots([...all, other])).toEqual(expected)
    expect(groupSnapshots([other, ...all.toReversed()])).toEqual(expected)
  })

  test('are by tags in any order', () => {
    const swapped = snapshot('dd4', '2023-01-01T00:00:00Z', { tags: ['y', 'x'] })
    expect(groupSnapshots([...all, swapped], ['tags'])).toEqual([
      { tags: ['x', 'y'], snapshots: [middle, swapped] },
      { tags: ['x'], snapshots: [newest] },
      { tags: [], snapshots: [oldest] },
    ])
  })

  test('are one of all, or none of none', () => {
    expect(groupSnapshots(all, [])).toEqual([{ snapshots: [newest, middle, oldest] }])
    expect(groupSnapshots([])).toEqual([])
  })
})
