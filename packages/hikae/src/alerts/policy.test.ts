import fc from 'fast-check'
import { describe, test } from 'vitest'
import { type Condition, decide, type Decision, type SubjectState } from './policy.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const WEEK = 7 * DAY
const POLICY = { reminderMs: DAY }

interface Seen {
  readonly at: number
  readonly condition: Condition
  readonly decision: Decision | undefined
}

/** Runs the policy over a history, the state going through JSON as it does through a database. */
function observe(history: readonly (readonly [number, Condition])[], policy = POLICY): Seen[] {
  let state: SubjectState | undefined
  return history.map(([at, condition]) => {
    const decided = decide(state, condition, at, policy)
    state = JSON.parse(JSON.stringify(decided.state)) as SubjectState
    return { at, condition, decision: decided.decision }
  })
}

const kinds = (seen: readonly Seen[]) => seen.map(({ decision }) => decision?.kind)

describe('one subject', () => {
  test('is told at once when it fails, once when it is good again, and not of being good', ({ expect }) => {
    const seen = observe([
      [0, 'good'],
      [1 * HOUR, 'failed'],
      [2 * HOUR, 'failed'],
      [5 * HOUR, 'good'],
      [6 * HOUR, 'good'],
    ])
    expect(kinds(seen)).toEqual([undefined, 'alert', undefined, 'recovery', undefined])
    expect(seen[3]!.decision).toEqual({
      kind: 'recovery',
      condition: 'failed',
      since: HOUR,
      until: 5 * HOUR,
      unstable: false,
    })
  })

  test('that lasts is told again after 1, 2, 4 and 7 days, and then every week', ({ expect }) => {
    const hourly = Array.from({ length: 24 * 40 }, (_, hour) => [hour * HOUR, 'failed'] as const)
    const days = observe(hourly).flatMap(({ at, decision }) => (decision?.kind === 'reminder' ? [at / DAY] : []))
    expect(days).toEqual([1, 3, 7, 14, 21, 28, 35])
  })

  test('that becomes worse is told at once, and of becoming less bad it is not', ({ expect }) => {
    const seen = observe([
      [0, 'incomplete'],
      [HOUR, 'failed'],
      [2 * HOUR, 'incomplete'],
      [3 * HOUR, 'failed'],
    ])
    expect(kinds(seen)).toEqual(['alert', 'alert', undefined, undefined])
  })

  test('that comes and goes is told as unstable the fourth time, and then only once it stays good', ({ expect }) => {
    const flapping = Array.from({ length: 20 }, (_, n) => [n * HOUR, n % 2 === 0 ? 'failed' : 'good'] as const)
    const seen = observe([...flapping, [30 * HOUR, 'good'], [19 * HOUR + DAY, 'good']])
    const told = seen.flatMap(({ decision }) => (decision ? [decision] : []))
    expect(told.map(({ kind }) => kind)).toEqual([
      'alert',
      'recovery',
      'alert',
      'recovery',
      'alert',
      'recovery',
      'alert',
      'recovery',
    ])
    expect(told.map(({ unstable }) => unstable)).toEqual([false, false, false, false, false, false, true, true])
    expect(told.at(-1)!.until).toBe(19 * HOUR)
  })

  test('without reminders stays silent until it is good', ({ expect }) => {
    let state: SubjectState | undefined
    const told = Array.from({ length: 100 }, (_, day) => {
      const decided = decide(state, day < 99 ? 'overdue' : 'good', day * DAY, { reminderMs: null })
      state = decided.state
      return decided.decision?.kind
    })
    expect(told.filter(Boolean)).toEqual(['alert', 'recovery'])
  })

  test('is reminded of although the clock was set back by a year', ({ expect }) => {
    const year = 365 * DAY
    const seen = observe([
      [year, 'failed'],
      [0, 'failed'],
      [DAY, 'failed'],
    ])
    expect(kinds(seen)).toEqual(['alert', undefined, 'reminder'])
  })
})

describe('whatever happens', () => {
  const condition = fc.constantFrom<Condition>('good', 'incomplete', 'failed', 'overdue')
  const history = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 3 * DAY }), condition), { minLength: 1, maxLength: 120 })
    .map((steps) => {
      let at = 0
      return steps.map(([pause, condition]) => [(at += pause), condition] as const)
    })

  test('trouble after quiet is told at once, and recoveries only take back what was told', ({ expect }) => {
    fc.assert(
      fc.property(history, (steps) => {
        let isTold = false
        for (const { condition, decision } of observe(steps)) {
          const allowed = isTold ? [undefined, 'alert', 'reminder'] : ['alert']
          const whenGood = isTold ? [undefined, 'recovery'] : [undefined]
          expect(condition === 'good' ? whenGood : allowed).toContain(decision?.kind)
          if (decision) isTold = decision.kind !== 'recovery'
        }
      }),
    )
  })

  test('what stays bad is never silent for longer than a week and the time until it is looked at', ({ expect }) => {
    fc.assert(
      fc.property(history, (steps) => {
        let last = 0
        for (const { at, condition, decision } of observe(steps)) {
          if (decision) last = at
          const silentMs = condition === 'good' ? 0 : at - last
          expect(silentMs).toBeLessThan(WEEK)
        }
      }),
    )
  })

  test('reminders of the same trouble come in intervals that do not shrink', ({ expect }) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2 * DAY }), { maxLength: 200 }), (pauses) => {
        let at = 0
        const times = observe([[0, 'failed'], ...pauses.map((pause) => [(at += pause), 'failed'] as const)]).flatMap(
          (seen) => (seen.decision ? [seen.at] : []),
        )
        const gaps = times.slice(1).map((time, index) => time - times[index]!)
        // A reminder is late by at most the time until the next look; the interval itself is what must not shrink.
        for (const [index, gap] of gaps.entries()) {
          expect(gap).toBeGreaterThanOrEqual(Math.min(DAY * 2 ** index, WEEK))
        }
      }),
    )
  })

  test('no three days bring more than a handful of messages, however often it comes and goes', ({ expect }) => {
    const often = fc
      .array(fc.tuple(fc.integer({ min: 1, max: HOUR }), condition), { minLength: 50, maxLength: 400 })
      .map((steps) => {
        let at = 0
        return steps.map(([pause, condition]) => [(at += pause), condition] as const)
      })
    fc.assert(
      fc.property(often, (steps) => {
        const times = observe(steps).flatMap(({ at, decision }) => (decision ? [at] : []))
        // Four beginnings, each at most twice worse, and their ends; then reminders.
        const counts = times.map((time) => times.filter((other) => other >= time && other < time + 3 * DAY).length)
        expect(Math.max(0, ...counts)).toBeLessThanOrEqual(18)
      }),
    )
  })
})
