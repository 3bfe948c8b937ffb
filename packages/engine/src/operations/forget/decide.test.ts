import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SnapshotId, TreeId } from '../../ids.ts'
import { parseTime } from '../../json/go-time.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import type { CalendarDuration } from './calendar-duration.ts'
import { decide } from './decide.ts'
import { momentOf, type ZoneRule } from './moment.ts'
import type { KeepPolicy } from './policy.ts'
import { histories, policies, simplePolicy } from './simple-policy.test.support.ts'

const NOW = '2026-11-21T12:00:00Z'
const NO_ZONE: ZoneRule = () => Number.NaN
const NO_TIME: CalendarDuration = { years: 0, months: 0, days: 0, hours: 0 }

/** For each time, given newest first, why it stays. */
function reasons(times: readonly (string | [string, ...string[]])[], policy: KeepPolicy, zone = NO_ZONE): string[][] {
  const candidates = times.map((each, at) => {
    const [time, ...tags]: [string, ...string[]] = typeof each === 'string' ? [each] : each
    const id = String(at).padStart(64, '0') as SnapshotId
    const snapshot: StoredSnapshot = { id, time, tree: '1'.repeat(64) as TreeId, paths: ['/srv'], tags }
    return { snapshot, moment: momentOf(time) }
  })
  return decide(candidates, policy, { now: parseTime(NOW), zone })
}

/** `1` for each that stays. */
const kept = (...of: Parameters<typeof reasons>) =>
  reasons(...of)
    .map((each) => (each.length > 0 ? 1 : 0))
    .join('')

describe('a policy', () => {
  test('agrees with a second, simple implementation on every history', () => {
    const nowMs = Date.parse(NOW)
    fc.assert(
      fc.property(histories(nowMs), policies, (history, policy) => {
        const candidates = history.map((snapshot) => ({ snapshot, moment: momentOf(snapshot.time) }))
        const decisions = decide(candidates, policy, { now: BigInt(nowMs) * 1_000_000n, zone: NO_ZONE })
        expect(decisions).toEqual(simplePolicy(history, policy, nowMs))
      }),
      { numRuns: 1500 },
    )
  })

  test('keeps the last so many, also of one second', () => {
    const times = ['2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z', '2026-11-20T10:00:00Z']
    expect(kept(times, { last: 2 })).toBe('1100')
    expect(kept(times, { last: 'unlimited' })).toBe('1111')
    expect(kept(times, { last: 0 })).toBe('0000')
  })

  test('keeps the newest of each day, and the oldest of all while days are left', () => {
    const times = ['2026-11-21T10:00:00Z', '2026-11-21T09:00:00Z', '2026-11-20T10:00:00Z', '2026-11-20T09:00:00Z']
    expect(reasons(times, { counts: { daily: 3 } })).toEqual([
      ['daily snapshot'],
      [],
      ['daily snapshot'],
      ['oldest daily snapshot'],
    ])
    expect(kept(times, { counts: { daily: 2 } })).toBe('1010')
    expect(kept(times, { counts: { daily: 'unlimited' } })).toBe('1011')
  })

  test("goes by the calendar of each snapshot's own zone", () => {
    // 23:30 in New York is the next day in UTC.
    expect(
      kept(['2026-11-20T04:30:00Z', '2026-11-19T23:00:00-05:00', '2026-11-19T04:30:00Z'], { counts: { daily: 1 } }),
    ).toBe('100')
    expect(
      kept(['2026-11-19T23:30:00-05:00', '2026-11-20T04:00:00Z', '2026-11-20T03:00:00Z'], { counts: { daily: 2 } }),
    ).toBe('110')
  })

  test('counts ISO weeks: the last days of December may belong to the next year', () => {
    const times = ['2026-01-04T12:00:00Z', '2025-12-31T12:00:00Z', '2025-12-29T12:00:00Z', '2025-12-28T12:00:00Z']
    expect(kept(times, { counts: { weekly: 2 } })).toBe('1001')
    expect(kept(times, { counts: { yearly: 1 } })).toBe('1000')
  })

  test('counts durations back from the newest snapshot that is not in the future, by the calendar', () => {
    const month = { ...NO_TIME, months: 1 }
    const times = ['2027-01-01T00:00:00Z', '2026-03-31T12:00:00Z', '2026-03-03T12:00:01Z', '2026-03-03T12:00:00Z']
    // A month before 31 March is 31 February, which is 3 March.
    expect(reasons(times, { within: month })).toEqual([['within 1m'], ['within 1m'], ['within 1m'], []])
    expect(kept(['2027-01-01T00:00:00Z', '2026-12-01T00:00:00Z'], { within: month })).toBe('11')
  })

  test.each([
    // In Berlin clocks went from 3:00 back to 2:00 on 25 October 2026: that day had 25 hours.
    ['2026-10-25T12:00:00+01:00', { ...NO_TIME, days: 1 }, '2026-10-24T12:00:00+02:00'],
    ['2026-10-25T12:00:00+01:00', { ...NO_TIME, hours: 24 }, '2026-10-24T13:00:00+02:00'],
    // Another zone than that of the clock which reads it: nothing is known of its daylight saving.
    ['2026-10-25T12:00:00+03:00', { ...NO_TIME, days: 1 }, '2026-10-24T12:00:00+03:00'],
    ['2026-10-25T11:00:00Z', { ...NO_TIME, days: 1 }, '2026-10-24T11:00:00Z'],
    // 2:30 does not exist on 29 March: an hour later does.
    ['2026-03-30T02:30:00+02:00', { ...NO_TIME, days: 1 }, '2026-03-29T03:30:00+02:00'],
  ])('of %s, %o before is %s', (newest, within, limit) => {
    const berlin: ZoneRule = (seconds) => {
      const name = new Date(seconds * 1000).toLocaleString('en', {
        timeZone: 'Europe/Berlin',
        timeZoneName: 'longOffset',
      })
      return name.endsWith('+02:00') ? 7200 : 3600
    }
    const justAfter = limit.replace(/(:\d\d)([Z+])/, '$1.000000001$2')
    expect(kept([newest, justAfter, limit], { within }, berlin)).toBe('110')
  })

  test('keeps the newest of each hour within a time', () => {
    const times = ['2026-11-21T10:30:00Z', '2026-11-21T10:00:00Z', '2026-11-21T09:59:59Z', '2026-11-21T08:30:00Z']
    expect(reasons(times, { withinPeriods: { hourly: { ...NO_TIME, hours: 2 } } })).toEqual([
      ['hourly within 2h'],
      [],
      ['hourly within 2h'],
      [],
    ])
  })

  test('keeps what has all tags of one list', () => {
    const times: [string, ...string[]][] = [
      ['2026-11-21T10:00:00Z', 'a'],
      ['2026-11-20T10:00:00Z', 'b', 'a'],
      ['2026-11-19T10:00:00Z'],
    ]
    expect(reasons(times, { tags: [['a', 'b'], ['a']] })).toEqual([
      ['has tags [a]'],
      ['has tags [a, b]', 'has tags [a]'],
      [],
    ])
    expect(kept(times, { tags: [['']] })).toBe('001')
  })

  test('gives all reasons, in the order of restic', () => {
    const policy: KeepPolicy = {
      tags: [['x']],
      within: { ...NO_TIME, days: 2 },
      last: 1,
      counts: { yearly: 1, hourly: 1 },
      withinPeriods: { monthly: { ...NO_TIME, years: 1 } },
    }
    expect(reasons([['2026-11-21T10:00:00Z', 'x']], policy)[0]).toEqual([
      ...['has tags [x]', 'within 2d', 'last snapshot', 'hourly snapshot', 'yearly snapshot', 'monthly within 1y'],
    ])
  })
})
