import { expect, test } from 'vitest'
import type { FailureDomain } from './failure-domain.ts'
import { type ScoredRepository, threeTwoOne } from './three-two-one.ts'

const live = domain(['disk 8:0'])

function domain(keys: string[], fields: Partial<FailureDomain> = {}): FailureDomain {
  return { keys, medium: 'disk', site: { kind: 'here' }, description: keys.join(' and '), ...fields }
}

function repository(
  label: string,
  place: FailureDomain,
  holds: ScoredRepository['holds'] = 'snapshots',
): ScoredRepository {
  return { label, domain: place, holds }
}

const cloud = domain(['account aws a'], { medium: 'object storage', site: { kind: 'elsewhere', name: 'aws' } })

test('live data alone is one copy on one medium', () => {
  expect(threeTwoOne(live, [])).toEqual({
    copies: 1,
    media: 1,
    offSite: 0,
    remarks: [],
    missing: { copies: 2, media: 1, offSite: 1 },
    unknownSites: [],
  })
})

test('a disk of its own and a cloud make three copies, two media and one off-site', () => {
  const score = threeTwoOne(live, [repository('usb', domain(['disk 8:16'])), repository('off', cloud)])
  expect(score).toMatchObject({ copies: 3, media: 2, offSite: 1, missing: { copies: 0, media: 0, offSite: 0 } })
})

test('what is on the disk of the live data is no copy of its own', () => {
  const score = threeTwoOne(live, [repository('folder', domain(['disk 8:0'], { medium: 'tape' }))])
  expect(score).toMatchObject({ copies: 1, media: 1, remarks: [{ label: 'folder', kind: 'with-live-data' }] })
})

test('two on one disk or in one account count once', () => {
  const usb = domain(['disk 8:16'])
  const score = threeTwoOne(live, [
    repository('one', usb),
    repository('two', usb),
    repository('cloud', cloud),
    repository('cloud too', cloud),
  ])
  expect(score).toMatchObject({ copies: 3, offSite: 1 })
  expect(score.remarks).toMatchObject([
    { label: 'two', kind: 'with-sibling', sibling: 'one' },
    { label: 'cloud too', kind: 'with-sibling', sibling: 'cloud' },
  ])
})

test('a repository over two disks ties those on either of them together', () => {
  const [one, two] = [repository('one', domain(['disk 1'])), repository('two', domain(['disk 2']))]
  expect(threeTwoOne(live, [one, two])).toMatchObject({ copies: 3 })
  expect(threeTwoOne(live, [one, two, repository('both', domain(['disk 1', 'disk 2']))])).toMatchObject({ copies: 2 })
  const withLive = repository('over live', domain(['disk 8:0', 'disk 1']))
  expect(threeTwoOne(live, [one, withLive, two])).toMatchObject({ copies: 2 })
})

test('what is empty, away or nobody knows where does not count', () => {
  const score = threeTwoOne(live, [
    repository('new', cloud, 'nothing'),
    repository('away', cloud, 'unknown'),
    repository('anywhere', domain([], { site: { kind: 'unknown' }, medium: undefined })),
  ])
  expect(score).toMatchObject({ copies: 1, media: 1, offSite: 0 })
  expect(score.remarks.map(({ label, kind }) => [label, kind])).toEqual([
    ['new', 'empty'],
    ['away', 'unreachable'],
    ['anywhere', 'unknown-domain'],
  ])
})

test('a copy at an unknown site is a copy, and not off-site', () => {
  const alias = domain(['host alias'], { site: { kind: 'unknown' }, medium: 'other machine' })
  expect(threeTwoOne(live, [repository('far', alias)])).toMatchObject({
    copies: 2,
    media: 2,
    offSite: 0,
    unknownSites: ['far'],
  })
})

test('media are told apart by their names, however they are written', () => {
  const score = threeTwoOne(live, [repository('usb', domain(['disk 8:16'], { medium: 'Disk' }))])
  expect(score.media).toBe(1)
})
