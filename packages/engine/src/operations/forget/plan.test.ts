import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../errors.ts'
import type { SnapshotId, TreeId } from '../../ids.ts'
import { parseTime } from '../../json/go-time.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { type ForgetPlanOptions, NothingKeptError, planForget } from './plan.ts'
import type { KeepPolicy } from './policy.ts'
import { histories, policies } from './simple-policy.test.support.ts'

const now = parseTime('2026-11-21T12:00:00Z')

function snapshot(id: string, time: string, fields: Partial<StoredSnapshot> = {}): StoredSnapshot {
  const tree = '1'.repeat(64) as TreeId
  return { id: id.padEnd(64, '0') as SnapshotId, time, tree, paths: ['/srv'], hostname: 'a', ...fields }
}

/** Of the only group: the reasons for what stays, by the letters of its id. */
function kept(snapshots: readonly StoredSnapshot[], policy: KeepPolicy): Record<string, readonly string[]> {
  const { groups } = planForget(snapshots, policy, { now })
  expect(groups).toHaveLength(1)
  return Object.fromEntries(groups[0]!.keep.map((each) => [each.snapshot.id.replace(/0+$/, ''), each.reasons]))
}

const NO_TIME = { years: 0, months: 0, days: 0, hours: 0 }

const a = snapshot('a', '2026-11-18T00:00:00Z', { tags: ['keep'] })
const b = snapshot('b', '2026-11-19T00:00:00Z')
const c = snapshot('c', '2026-11-20T00:00:00Z')

describe('a plan', () => {
  test('keeps and removes every snapshot exactly once, newest first', () => {
    const elsewhere = snapshot('d', '2026-11-01T00:00:00Z', { hostname: 'b' })
    const { groups } = planForget([b, elsewhere, a, c], { last: 2 }, { now })
    expect(groups).toEqual([
      {
        ...{ hostname: 'a', paths: ['/srv'], inFuture: 0 },
        keep: [
          { snapshot: c, reasons: ['last snapshot'] },
          { snapshot: b, reasons: ['last snapshot'] },
        ],
        remove: [a],
      },
      {
        hostname: 'b',
        paths: ['/srv'],
        inFuture: 0,
        keep: [{ snapshot: elsewhere, reasons: ['last snapshot'] }],
        remove: [],
      },
    ])
    expect(planForget([], { last: 2 }, { now })).toEqual({ groups: [] })
  })

  test('looks only at what the filter lets through, and groups as asked', () => {
    const elsewhere = snapshot('d', '2026-11-01T00:00:00Z', { hostname: 'b' })
    const filtered = planForget([a, b, c, elsewhere], { last: 1 }, { now, filter: { hosts: ['a'] } })
    expect(filtered.groups.flatMap(({ remove }) => remove)).toEqual([b, a])
    const ungrouped = planForget([a, b, c, elsewhere], { last: 1 }, { now, groupBy: [] })
    expect(ungrouped.groups.map(({ remove }) => remove)).toEqual([[b, a, elsewhere]])
  })

  test('never removes the newest snapshot of a group', () => {
    expect(kept([a, b, c], { tags: [['keep']] })).toEqual({ a: ['has tags [keep]'], c: ['last good snapshot'] })
  })

  test.each(['repaired', 'incomplete'])('does not take a snapshot with the tag %s for a good one', (tag) => {
    const damaged = { tags: [tag] }
    const some = [a, b, snapshot('c', '2026-11-20T00:00:00Z', damaged), snapshot('d', '2026-11-21T00:00:00Z', damaged)]
    expect(kept(some, { last: 1 })).toEqual({ d: ['last snapshot'], b: ['last good snapshot'] })
    expect(kept(some, { tags: [['keep']] })).toEqual({
      a: ['has tags [keep]'],
      b: ['last good snapshot'],
      d: ['newest snapshot'],
    })
  })

  test('keeps the newest of the present beside those that a wrong clock has dated in the future', () => {
    const future = ['2030-01-01', '2030-01-02', '2030-01-03'].map((day, at) => snapshot(`f${at}`, `${day}T00:00:00Z`))
    expect(kept([a, b, c, ...future], { last: 2 })).toEqual({
      f2: ['last snapshot'],
      f1: ['last snapshot'],
      c: ['last good snapshot'],
    })
    expect(planForget([a, b, c, ...future], { last: 2 }, { now }).groups[0]!.inFuture).toBe(3)
  })

  test('keeps the newest of all when our own clock stands back and only old snapshots are in its past', () => {
    const lateNow = parseTime('2026-11-18T00:00:01Z')
    const { groups } = planForget([a, b, c], { tags: [['keep']] }, { now: lateNow })
    expect(groups[0]!.keep.map((each) => each.snapshot)).toEqual([c, a])
    expect(groups[0]!.keep[0]!.reasons).toEqual(['last good snapshot'])
  })

  test('keeps the last good snapshot of every group, whatever the policy and the history', () => {
    const nowMs = Number(now / 1_000_000n)
    fc.assert(
      fc.property(histories(nowMs), policies, (history, policy) => {
        let plan
        try {
          plan = planForget(history, policy, { now })
        } catch (error) {
          expect(error).toBeInstanceOf(NothingKeptError)
          return
        }
        const keep = plan.groups[0]!.keep.map((each) => each.snapshot)
        const past = history.filter(({ time }) => Date.parse(time) <= nowMs)
        for (const newest of [history[0]!, past[0] ?? history[0]!]) {
          expect(keep.map(({ time }) => Date.parse(time))).toContain(Date.parse(newest.time))
        }
        expect([...keep, ...plan.groups[0]!.remove].map(({ id }) => id).sort()).toEqual(
          history.map(({ id }) => id).sort(),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('is refused as a whole when the rules keep nothing of one group', () => {
    const elsewhere = snapshot('d', '2026-11-01T00:00:00Z', { hostname: 'b' })
    const plan = () => planForget([a, b, c, elsewhere], { tags: [['keep']] }, { now })
    expect(plan).toThrow(NothingKeptError)
    expect(plan).toThrow('the policy (tags [keep]) keeps no snapshot of host b, paths /srv')
  })

  test.each<[string, KeepPolicy, string]>([
    ['no rules', {}, 'the policy is empty'],
    ['rules for nothing', { last: 0, counts: { daily: 0 }, within: NO_TIME, tags: [] }, 'the policy is empty'],
    ['a negative count', { counts: { daily: -1 } }, '-1 in the policy'],
    ['a broken count', { last: 1.5 }, '1.5 in the policy'],
    ['a negative time', { within: { ...NO_TIME, days: -1 } }, '-1 in the policy'],
    ['no tag to keep', { tags: [[]] }, 'a list of tags to keep is empty'],
  ])('is refused with %s', (_, policy, message) => {
    expect(() => planForget([a], policy, { now })).toThrow(InvalidInputError)
    expect(() => planForget([a], policy, { now })).toThrow(message)
  })

  test('removes all only without a policy, when asked, and when a filter says of what', () => {
    const removeAll = (options: Partial<ForgetPlanOptions>, policy: KeepPolicy = {}) =>
      planForget([a, b, c], policy, { now, emptyPolicy: 'remove-all', ...options }).groups.flatMap(
        ({ remove }) => remove,
      )
    expect(removeAll({ filter: { hosts: ['a'] } })).toEqual([c, b, a])
    expect(removeAll({ filter: { hosts: ['a'] } }, { last: 1 })).toEqual([b, a])
    expect(() => removeAll({ filter: { hosts: ['a'] } }, { tags: [['x']] })).toThrow(NothingKeptError)
    for (const filter of [{}, { hosts: [], tags: [], paths: [] }]) {
      expect(() => removeAll({ filter })).toThrow('all snapshots of the repository would be removed')
    }
  })
})
