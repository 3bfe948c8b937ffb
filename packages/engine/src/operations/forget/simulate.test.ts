import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../errors.ts'
import type { SnapshotId, TreeId } from '../../ids.ts'
import { parseTime } from '../../json/go-time.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { NothingKeptError } from './plan.ts'
import { type SimulationOptions, simulateForget } from './simulate.ts'
import { storedTime } from './simple-policy.test.support.ts'

const NOW = '2026-11-21T12:00:00Z'
const DAY_MS = 86_400_000
const NO_TIME = { years: 0, months: 0, days: 0, hours: 0 }
const days = (count: number) => ({ ...NO_TIME, days: count })
const options: SimulationOptions = { now: parseTime(NOW), span: days(90), zone: () => Number.NaN }

/** So many snapshots, newest first, the newest half a day old. */
function history(count: number, gapMs = DAY_MS, fields: Partial<StoredSnapshot> = {}): StoredSnapshot[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: `a${at}`.padEnd(64, '0') as SnapshotId, tree: '1'.repeat(64) as TreeId, paths: ['/srv'], hostname: 'a' },
    time: storedTime(Date.parse(NOW) - DAY_MS / 2 - at * gapMs, 'Z'),
    ...fields,
  }))
}

const dayOf = (ns: bigint | undefined) =>
  ns === undefined ? 'stays' : new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 10)

describe('a look ahead', () => {
  test('plays daily backups through the policy and tells when each present snapshot goes', () => {
    const present = history(4)
    const [group] = simulateForget(present, { last: 3 }, options)
    expect(group).toMatchObject({ hostname: 'a', paths: ['/srv'], every: days(1) })
    expect(group!.points.map(({ day, total, present: left, oldest }) => [day, total, left, oldest])).toEqual([
      [0, 3, 3, '2026-11-19T00:00:00Z'],
      [1, 3, 2, '2026-11-20T00:00:00Z'],
      [7, 3, 0, '2026-11-26T00:00:00Z'],
      [30, 3, 0, '2026-12-19T00:00:00Z'],
      [90, 3, 0, '2027-02-17T00:00:00Z'],
    ])
    expect(group!.points.map(({ time }) => dayOf(time))).toEqual([
      ...['2026-11-21', '2026-11-22', '2026-11-28', '2026-12-21', '2027-02-19'],
    ])
    expect(group!.present.map(({ removedAt }) => dayOf(removedAt))).toEqual([
      ...['2026-11-24', '2026-11-23', '2026-11-22', '2026-11-21'],
    ])
    expect(group!.present.map(({ snapshot }) => snapshot)).toEqual(present)
  })

  test('keeps the last of each month when months are counted', () => {
    const [group] = simulateForget(
      history(60),
      { counts: { monthly: 3 } },
      { ...options, span: { ...NO_TIME, years: 1 } },
    )
    expect(group!.points.at(-1)).toMatchObject({ day: 365, total: 3, present: 0, oldest: '2027-09-30T00:00:00Z' })
    // 21 November is the newest of its month until the next backup comes; 31 October stays until January has begun.
    expect(group!.present.slice(0, 22).map(({ removedAt }) => dayOf(removedAt))).toEqual([
      '2026-11-22',
      ...Array.from({ length: 20 }, () => '2026-11-21'),
      '2027-01-01',
    ])
  })

  test.each([
    [DAY_MS / 24, { ...NO_TIME, hours: 1 }],
    [DAY_MS / 4, { ...NO_TIME, hours: 6 }],
    [DAY_MS * 1.02, days(1)],
    [DAY_MS * 7, days(7)],
    [DAY_MS * 30.4, { ...NO_TIME, months: 1 }],
    [1000, { ...NO_TIME, hours: 1 }],
  ])('takes backups every %d ms for %o', (gapMs, every) => {
    expect(simulateForget(history(5, gapMs), { last: 1 }, options)[0]!.every).toEqual(every)
  })

  test('judges how often backups are made by the newest, not by what retention has left of older ones', () => {
    const thinned = [...history(8), ...history(12, 31 * DAY_MS).slice(1)]
    expect(simulateForget(thinned, { last: 1 }, options)[0]!.every).toEqual(days(1))
    expect(simulateForget(history(1), { last: 1 }, options)[0]!.every).toEqual(days(1))
  })

  test('takes backups to be made as often as it is told', () => {
    const [group] = simulateForget(history(4), { last: 3 }, { ...options, every: days(30) })
    expect(group!.every).toEqual(days(30))
    expect(group!.points.map(({ present }) => present)).toEqual([3, 3, 3, 2, 0])
  })

  test('expects nothing new of a group whose backups have stopped, unless told to', () => {
    const stopped = history(4).map((each) => ({ ...each, time: each.time.replace('2026', '2024') }))
    const [group] = simulateForget(stopped, { within: days(2) }, options)
    expect(group!.every).toBeUndefined()
    expect(group!.points.map(({ total }) => total)).toEqual([2, 2, 2, 2, 2])
    const [told] = simulateForget(stopped, { within: days(2) }, { ...options, every: days(1) })
    expect(told!.points.map(({ present }) => present)).toEqual([2, 0, 0, 0, 0])
  })

  test('never loses the newest that a future date hides behind, and ends with all groups', () => {
    const future = history(2, DAY_MS, { hostname: 'b' }).map((each) => ({
      ...each,
      time: each.time.replace('2026', '2036'),
    }))
    const groups = simulateForget([...history(2), ...future], { last: 1 }, options)
    expect(groups.map(({ hostname, points }) => [hostname, points.map(({ total }) => total)])).toEqual([
      ['a', [1, 1, 1, 1, 1]],
      ['b', [1, 2, 2, 2, 2]],
    ])
  })

  test('gives new snapshots the tags that the newest all have', () => {
    const [release, ...others] = history(6, DAY_MS, { tags: ['all'] })
    const some = [{ ...release!, tags: ['all', 'release'] }, ...others]
    const total = (tag: string) =>
      simulateForget(some, { tags: [[tag]], last: 1 }, { ...options, span: days(10) })[0]!.points.at(-1)!.total
    expect(total('all')).toBe(16)
    expect(total('release')).toBe(2)
  })

  test('changes nothing that it is given', () => {
    const present = Object.freeze(history(4).map((each) => Object.freeze(each)))
    expect(simulateForget(present, { last: 1 }, options)).toEqual(simulateForget(present, { last: 1 }, options))
  })

  test.each<[string, Partial<SimulationOptions>, string]>([
    ['no time', { span: NO_TIME }, 'an hour at least'],
    ['too much time', { span: { ...NO_TIME, years: 101 } }, 'a hundred years at most'],
    ['no time between backups', { every: NO_TIME }, 'some time has to pass'],
    [
      'too many backups',
      { span: { ...NO_TIME, years: 2 }, every: { ...NO_TIME, hours: 1 } },
      'more than 10000 backups',
    ],
  ])('is refused for %s', (_, changed, message) => {
    const simulate = () => simulateForget(history(2), { last: 1 }, { ...options, ...changed })
    expect(simulate).toThrow(InvalidInputError)
    expect(simulate).toThrow(message)
  })

  test('is refused for a policy that would be refused now', () => {
    expect(() => simulateForget(history(2), { tags: [['x']] }, options)).toThrow(NothingKeptError)
    expect(() => simulateForget(history(2), {}, options)).toThrow('the policy is empty')
  })
})
