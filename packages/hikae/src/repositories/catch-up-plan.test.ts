import type { SnapshotId, StoredSnapshot, TreeId } from '@hikae/engine'
import { array, assert, constantFrom, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Holding, planCatchUp } from './catch-up-plan.ts'
import { lagOf } from './freshness.ts'
import { momentOf } from './moment.ts'

interface Named extends Holding {
  readonly name: string
}

let count = 0

/** @param day of a month; ids are never the same */
function snapshot(day: number, fields: Partial<StoredSnapshot> = {}): StoredSnapshot {
  return {
    id: String(count++).padStart(64, '0') as SnapshotId,
    time: `2026-11-${String(day).padStart(2, '0')}T02:00:00.000000001Z`,
    tree: String(day).padStart(64, '0') as TreeId,
    paths: ['/srv', '/etc'],
    hostname: 'db1',
    ...fields,
  }
}

function holding(name: string, snapshots: StoredSnapshot[], isLocal = false): Named {
  return { name, isLocal, snapshots }
}

function wantedOf(target: StoredSnapshot[], siblings: Named[], pending?: ReadonlySet<string>): string[] {
  return planCatchUp({ snapshots: target }, siblings, pending).wanted.map(
    ({ from, snapshot: { time } }) => `${from.name} ${Number(time.slice(8, 10))}`,
  )
}

describe('what brings a repository level', () => {
  test('is what its siblings have since its newest, oldest first', () => {
    const usb = holding('usb', [snapshot(3), snapshot(1), snapshot(4), snapshot(2)])
    expect(wantedOf([snapshot(1), snapshot(2)], [usb])).toEqual(['usb 3', 'usb 4'])
    expect(wantedOf([snapshot(4)], [usb])).toEqual([])
    expect(wantedOf([], [usb])).toEqual(['usb 1', 'usb 2', 'usb 3', 'usb 4'])
  })

  test('is judged for each host and set of paths by itself', () => {
    const usb = holding('usb', [snapshot(1, { hostname: 'db2' }), snapshot(1, { paths: ['/srv'] }), snapshot(1)])
    const plan = planCatchUp({ snapshots: [snapshot(5)] }, [usb])
    expect(plan.wanted.map(({ snapshot }) => [snapshot.hostname, snapshot.paths])).toEqual([
      ['db2', ['/srv', '/etc']],
      ['db1', ['/srv']],
    ])
    expect([...plan.older]).toEqual([[usb, 1]])
  })

  test('does not hold older ones, which retention may have removed: they are counted', () => {
    const usb = holding('usb', [snapshot(1), snapshot(2), snapshot(3)], true)
    const offsite = holding('offsite', [snapshot(1), snapshot(4), snapshot(6)])
    const plan = planCatchUp({ snapshots: [snapshot(5)] }, [offsite, usb])
    expect(plan.wanted.map(({ snapshot }) => snapshot)).toEqual([offsite.snapshots[2]])
    expect([...plan.older]).toEqual([
      [usb, 3],
      [offsite, 1],
    ])
  })

  test('holds older ones that an earlier plan still owes', () => {
    const usb = holding('usb', [snapshot(1), snapshot(2), snapshot(3)])
    const owed = new Set([momentOf(snapshot(2)), momentOf(snapshot(9))])
    expect(wantedOf([snapshot(3)], [usb], owed)).toEqual(['usb 2'])
    expect(wantedOf([snapshot(2), snapshot(3)], [usb], owed)).toEqual([])
  })

  test('comes from a local sibling first, then in the order given, each moment once', () => {
    const far = holding('far', [snapshot(1), snapshot(2), snapshot(3)])
    const farther = holding('farther', [snapshot(1), snapshot(3), snapshot(4)])
    const usb = holding('usb', [snapshot(2)], true)
    expect(wantedOf([], [far, farther, usb])).toEqual(['far 1', 'usb 2', 'far 3', 'farther 4'])
  })

  test('is not what is there as a copy, with other tags, or by another clock', () => {
    const made = snapshot(2)
    const there = [
      snapshot(2, { original: made.id }),
      snapshot(2, { tags: ['kept'] }),
      snapshot(2, { time: '2026-11-02T11:00:00.000000001+09:00' }),
      snapshot(2, { paths: ['/etc', '/srv'] }),
    ]
    for (const present of there) expect(wantedOf([present], [holding('usb', [made])])).toEqual([])
    expect(
      wantedOf([snapshot(2)], [holding('usb', [snapshot(2, { time: '2026-11-02T02:00:00.000000002Z' })])]),
    ).toEqual(['usb 2'])
  })

  test('holds all that one sibling has of a moment, but what differs only by origin once', () => {
    const made = snapshot(2)
    const copies = [made, snapshot(2, { original: made.id }), snapshot(2, { parent: made.id })]
    const rewritten = snapshot(2, { tree: 'f'.repeat(64) as TreeId })
    const plan = planCatchUp({ snapshots: [] }, [holding('usb', [...copies, rewritten])])
    expect(plan.wanted.map(({ snapshot: { tree } }) => tree)).toEqual([made.tree, rewritten.tree])
  })

  test('agrees with the rule said in another way', () => {
    const anySnapshot = record({ day: integer({ min: 1, max: 6 }), hostname: constantFrom('a', 'b') })
    const anyHolding = record({ isLocal: constantFrom(true, false), held: array(anySnapshot, { maxLength: 8 }) })
    assert(
      property(array(anySnapshot, { maxLength: 8 }), array(anyHolding, { maxLength: 3 }), (own, others) => {
        const mine = own.map(({ day, hostname }) => snapshot(day, { hostname }))
        const siblings = others.map(({ isLocal, held }, at) =>
          holding(
            String(at),
            held.map(({ day, hostname }) => snapshot(day, { hostname })),
            isLocal,
          ),
        )
        const { wanted, older } = planCatchUp({ snapshots: mine }, siblings)
        const told = wanted.map(({ from, snapshot: { time, hostname } }) => `${time} ${hostname} ${from.name}`)
        const expected = expectedPlan(mine, siblings)
        expect(told.sort()).toEqual(expected.wanted)
        expect([...older.values()].reduce((sum, part) => sum + part, 0)).toBe(expected.older)
      }),
    )
  })
})

/** Moment by moment, the other way round. */
function expectedPlan(mine: StoredSnapshot[], siblings: Named[]): { wanted: string[]; older: number } {
  const wanted: string[] = []
  let older = 0
  for (const hostname of ['a', 'b']) {
    const here = mine.filter((own) => own.hostname === hostname).map(({ time }) => time)
    for (let day = 1; day <= 6; day++) {
      const { time } = snapshot(day)
      if (here.includes(time)) continue
      const holders = siblings.filter(({ snapshots }) =>
        snapshots.some((theirs) => theirs.time === time && theirs.hostname === hostname),
      )
      const from = holders.find(({ isLocal }) => isLocal) ?? holders[0]
      if (!from) continue
      if (here.every((own) => own < time)) wanted.push(`${time} ${hostname} ${from.name}`)
      else older++
    }
  }
  return { wanted: wanted.sort(), older }
}

describe('how far a repository is behind', () => {
  const DAY_MS = 86_400_000

  test('is told against the sibling that has most of what it lacks', () => {
    const usb = holding('usb', [snapshot(1), snapshot(2)])
    const offsite = holding('offsite', [snapshot(2), snapshot(3), snapshot(4)])
    expect(lagOf({ snapshots: [snapshot(1)] }, [usb, offsite])).toEqual({
      behind: offsite,
      snapshots: 3,
      olderByMs: 3 * DAY_MS,
    })
    expect(lagOf({ snapshots: [snapshot(4)] }, [usb, offsite])).toBeUndefined()
    expect(lagOf({ snapshots: [] }, [usb])).toEqual({ behind: usb, snapshots: 2, olderByMs: undefined })
    expect(lagOf({ snapshots: [] }, [])).toBeUndefined()
  })

  test('counts another host that is missing, although its own newest is newer', () => {
    const usb = holding('usb', [snapshot(1, { hostname: 'db2' })])
    expect(lagOf({ snapshots: [snapshot(4)] }, [usb])).toEqual({ behind: usb, snapshots: 1, olderByMs: 0 })
  })
})
