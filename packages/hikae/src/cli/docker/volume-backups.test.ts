import type { StoredSnapshot } from '@hikae/engine'
import { describe, expect, test } from 'vitest'
import { backupsOf } from './volume-backups.ts'

const source = { name: 'data', kind: 'docker-volumes', names: [] }
const known = { stack: 'shop', sources: [source] }
const TAGS = ['hikae', 'stack=shop', 'job=nightly', 'source=data', 'kind=docker-volumes']

function snapshot(id: string, day: number, more: Partial<StoredSnapshot> = {}): StoredSnapshot {
  const tags = [...TAGS, `run=${day}`]
  const time = `2026-11-${day}T02:00:00Z`
  return { id, time, tags, paths: ['/volumes/one', '/volumes/two'], ...more } as StoredSnapshot
}

describe('the backups of a volume', () => {
  test('are the newest good point that has it, in each repository', () => {
    const usb = { repository: 'usb', snapshots: [snapshot('a', 10), snapshot('b', 11)] }
    const nas = { repository: 'nas', snapshots: [snapshot('c', 11), snapshot('d', 12, { paths: ['/volumes/two'] })] }
    const { good, incomplete } = backupsOf('one', known, [usb, nas])
    expect(good?.copies.map(({ repository, snapshot: { id } }) => [repository, id])).toEqual([
      ['usb', 'b'],
      ['nas', 'c'],
    ])
    expect(incomplete).toBeUndefined()
  })

  test('are told apart from those from which something is missing', () => {
    const torn = snapshot('b', 12, { tags: [...TAGS, 'run=12', 'incomplete'] })
    const { good, incomplete } = backupsOf('one', known, [{ repository: 'usb', snapshots: [snapshot('a', 11), torn] }])
    expect(good?.copies[0]?.snapshot.id).toBe('a')
    expect(incomplete?.copies[0]?.snapshot.id).toBe('b')
  })

  test('are none of another stack, source or kind, and none of a volume whose name begins alike', () => {
    const others = ['stack=shop', 'source=data', 'kind=docker-volumes'].map((tag, at) =>
      snapshot(`${at}`, 11, { tags: TAGS.filter((each) => each !== tag).concat(`${tag}2`) }),
    )
    const held = [{ repository: 'usb', snapshots: [...others, snapshot('x', 11, { paths: ['/volumes/one-more'] })] }]
    expect(backupsOf('one', known, held)).toEqual({})
  })
})
