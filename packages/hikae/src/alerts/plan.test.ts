import { describe, test } from 'vitest'
import type { AlertPlan } from './alert-plan.ts'
import { type AlertChannel, alertsSchema } from './alert-schema.ts'
import { type AlertState, NO_ALERT_STATE } from './alert-state.ts'
import type { Freshness, RunOutcome, RunReport, SourceResult } from './event.ts'
import { planDigests } from './plan-digests.ts'
import { planFreshnessAlerts } from './plan-freshness-alerts.ts'
import { planRunAlerts, planStandingAlerts, planStartAlerts } from './plan-run-alerts.ts'
import { planTestAlerts } from './plan-test-alerts.ts'
import type { Delivery } from './send.ts'
import { settleAlerts } from './settle-alerts.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const url = { env: 'URL' }

function channels(...items: object[]): AlertChannel[] {
  return alertsSchema.parse(items)
}

function source(name: string, outcome: RunOutcome = 'succeeded', usb: RunOutcome = 'succeeded'): SourceResult {
  return { source: name, outcome, troubles: [], repositories: [{ repository: 'usb', outcome: usb, troubles: [] }] }
}

function run(outcome: RunOutcome, sources: SourceResult[] = [source('files', outcome)], job = 'nightly'): RunReport {
  return { job, run: 'r1', startedAt: 0, endedAt: 1000, outcome, troubles: [], sources }
}

function freshness(overdueSince: number | null, source = 'files', job = 'nightly'): Freshness {
  return { job, source, lastGood: 0, rpoMs: DAY, overdueSince }
}

/** Somebody who remembers, and for whom everything arrives unless told otherwise. */
class Keeper {
  readonly #channels: readonly AlertChannel[]
  #state: AlertState = NO_ALERT_STATE

  constructor(channels: readonly AlertChannel[]) {
    this.#channels = channels
  }

  /** @returns `channel: kind` of each alert */
  does(now: number, plan: (context: Parameters<typeof planTestAlerts>[0]) => AlertPlan, arrives = true): string[] {
    const planned = plan({ stack: 's', host: 'h', channels: this.#channels, state: this.#state, now })
    const deliveries = planned.alerts.map(({ channel, event }): Delivery => {
      const about = { channel, place: channel, about: event.kind, at: now }
      if (arrives) return { sent: true, ...about, nothing: false }
      return { sent: false, kind: 'alert-not-sent', ...about, trouble: { message: 'no' } }
    })
    this.#state = JSON.parse(JSON.stringify(settleAlerts(this.#state, planned, deliveries))) as AlertState
    return planned.alerts.map(({ channel, event }) => `${channel}: ${event.kind}`)
  }

  runs(now: number, report: RunReport, fresh: readonly Freshness[] = [], arrives = true): string[] {
    return this.does(now, (context) => planRunAlerts(report, fresh, context), arrives)
  }

  measures(now: number, ...items: Freshness[]): string[] {
    return this.does(now, (context) => planFreshnessAlerts(items, context))
  }
}

/** A run of maintenance, with what became of each repository. */
function maintenance(repositories: Readonly<Record<string, RunOutcome | 'damaged'>>, job = 'check'): RunReport {
  const results = Object.entries(repositories).map(([repository, found]) => ({
    repository,
    outcome: found === 'damaged' ? ('failed' as const) : found,
    troubles: [],
    ...(found === 'damaged' && { isDamaged: true }),
  }))
  const outcome = results.find((one) => one.outcome !== 'succeeded')?.outcome ?? 'succeeded'
  return { ...run(outcome, [], job), repositories: results }
}

describe('maintenance', () => {
  test('that finds damage is told at once, repository by repository, also after lesser trouble', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }))
    expect(keeper.runs(0, maintenance({ usb: 'incomplete', nas: 'succeeded' }))).toEqual(['discord: incomplete'])
    expect(keeper.runs(HOUR, maintenance({ usb: 'damaged', nas: 'succeeded' }))).toEqual(['discord: failure'])
    expect(keeper.runs(2 * HOUR, maintenance({ usb: 'damaged', nas: 'damaged' }))).toEqual(['discord: failure'])
    expect(keeper.runs(3 * HOUR, maintenance({ usb: 'damaged', nas: 'damaged' }))).toEqual([])
    expect(keeper.runs(4 * HOUR, maintenance({ usb: 'succeeded', nas: 'succeeded' }))).toEqual(['discord: recovery'])
  })

  test('that finds damage is told to everybody, whatever they are for; the rest of it is not', ({ expect }) => {
    const keeper = new Keeper(
      channels({ discord: { url }, sources: ['files'], on: ['failure', 'recovery', 'success'] }),
    )
    expect(keeper.runs(0, maintenance({ usb: 'succeeded' }))).toEqual([])
    expect(keeper.runs(1, maintenance({ usb: 'failed' }, 'prune'))).toEqual([])
    expect(keeper.runs(2, maintenance({ usb: 'damaged', nas: 'incomplete' }))).toEqual(['discord: failure'])
    expect(keeper.runs(3, maintenance({ usb: 'succeeded', nas: 'incomplete' }))).toEqual(['discord: recovery'])
  })

  test('is reminded of between its runs, and told when what it was about is over', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }, { ping: { url }, jobs: ['check'] }))
    const stands = (now: number, report: RunReport, arrives = true) =>
      keeper.does(now, (context) => planStandingAlerts(report, context), arrives)
    const damaged = maintenance({ usb: 'damaged', nas: 'succeeded' })
    expect(keeper.runs(0, damaged, [], false)).toEqual(['discord: failure', 'ping: failure'])
    // What did not arrive is told as soon as it can be, and not a week later.
    expect(stands(HOUR, damaged)).toEqual(['discord: failure'])
    expect(stands(2 * HOUR, damaged)).toEqual([])
    expect(stands(26 * HOUR, damaged)).toEqual(['discord: reminder'])
    const repaired = maintenance({ usb: 'succeeded', nas: 'succeeded' })
    expect(stands(27 * HOUR, repaired)).toEqual(['discord: recovery'])
    expect(stands(28 * HOUR, repaired)).toEqual([])
    expect(keeper.runs(29 * HOUR, repaired)).toEqual(['ping: success'])
  })

  test('is no sign of life of backups, unless the monitor is for it', ({ expect }) => {
    const backups = new Keeper(channels({ ping: { url } }))
    const checks = new Keeper(channels({ ping: { url }, jobs: ['check'] }))
    const start = (keeper: Keeper) => keeper.does(0, (context) => planStartAlerts({ job: 'check', run: 'r1' }, context))
    expect([start(backups), start(checks)]).toEqual([[], ['ping: start']])
    const good = maintenance({ usb: 'succeeded' })
    expect([backups.runs(1, good), checks.runs(1, good)]).toEqual([[], ['ping: success']])
    const damaged = maintenance({ usb: 'damaged' })
    expect([backups.runs(2, damaged), checks.runs(2, damaged)]).toEqual([['ping: failure'], ['ping: failure']])
  })
})

describe('runs', () => {
  test('people are told of a first failure, of its end, and by default not of successes', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }))
    expect(keeper.runs(0, run('succeeded'))).toEqual([])
    expect(keeper.runs(HOUR, run('failed'))).toEqual(['discord: failure'])
    expect(keeper.runs(2 * HOUR, run('failed'))).toEqual([])
    expect(keeper.runs(26 * HOUR, run('failed'))).toEqual(['discord: reminder'])
    expect(keeper.runs(27 * HOUR, run('succeeded'))).toEqual(['discord: recovery'])
    expect(keeper.runs(28 * HOUR, run('succeeded'))).toEqual([])
  })

  test('a monitor is told of the start and the end of every run', ({ expect }) => {
    const keeper = new Keeper(channels({ ping: { url }, jobs: ['nightly'] }))
    const start = (job: string) => keeper.does(0, (context) => planStartAlerts({ job, run: 'r1' }, context))
    expect(start('nightly')).toEqual(['ping: start'])
    expect(start('hourly')).toEqual([])
    expect(keeper.runs(1, run('failed'))).toEqual(['ping: failure'])
    expect(keeper.runs(2, run('failed'))).toEqual(['ping: failure'])
    expect(keeper.runs(3, run('incomplete'))).toEqual(['ping: incomplete'])
    expect(keeper.runs(4, run('succeeded'))).toEqual(['ping: success'])
  })

  test('one message tells of several sources; one that fails later is told at once', ({ expect }) => {
    const keeper = new Keeper(channels({ slack: { url } }))
    const both = run('failed', [source('files', 'failed'), source('db', 'failed'), source('git')])
    const all = run('failed', [source('files', 'failed'), source('db', 'failed'), source('git', 'failed')])
    expect(keeper.runs(0, both)).toEqual(['slack: failure'])
    expect(keeper.runs(HOUR, both)).toEqual([])
    expect(keeper.runs(2 * HOUR, all)).toEqual(['slack: failure'])
  })

  test('a repository that is absent is a subject of its own, for all sources together', ({ expect }) => {
    const keeper = new Keeper(channels({ slack: { url } }))
    const absent = run('incomplete', [source('files', 'succeeded', 'failed'), source('db', 'succeeded', 'failed')])
    expect(keeper.runs(0, absent)).toEqual(['slack: incomplete'])
    expect(keeper.runs(1, run('succeeded', [source('files'), source('db')]))).toEqual(['slack: recovery'])
  })

  test('what failed before its sources were reached is not said to work while they fail', ({ expect }) => {
    const keeper = new Keeper(channels({ slack: { url } }))
    expect(keeper.runs(0, { ...run('failed', []), troubles: [{ message: 'a hook failed' }] })).toEqual([
      'slack: failure',
    ])
    expect(keeper.runs(1, run('failed'))).toEqual(['slack: failure'])
    expect(keeper.runs(2, run('succeeded'))).toEqual(['slack: recovery'])
  })

  test('success is told to those who asked, unless a recovery says it already', ({ expect }) => {
    const keeper = new Keeper(channels({ ntfy: { topic: 't' }, on: ['success', 'failure', 'recovery'] }))
    expect(keeper.runs(0, run('succeeded'))).toEqual(['ntfy: success'])
    expect(keeper.runs(1, run('failed'))).toEqual(['ntfy: failure'])
    expect(keeper.runs(2, run('succeeded'))).toEqual(['ntfy: recovery'])
    expect(keeper.runs(3, run('succeeded'))).toEqual(['ntfy: success'])
  })

  test('channels hear of their jobs, sources and occasions only', ({ expect }) => {
    const keeper = new Keeper(
      channels(
        { name: 'job', discord: { url }, jobs: ['weekly'] },
        { name: 'source', discord: { url }, sources: ['db'] },
        { name: 'failures', discord: { url }, on: ['failure'] },
        { name: 'quick', discord: { url }, reminder: '1h' },
        { name: 'once', discord: { url }, reminder: false },
      ),
    )
    const sources = [source('files', 'incomplete'), source('db')]
    expect(keeper.runs(0, run('incomplete', sources))).toEqual(['quick: incomplete', 'once: incomplete'])
    expect(keeper.runs(HOUR, run('incomplete', sources))).toEqual(['quick: reminder'])
    expect(keeper.runs(365 * DAY, run('incomplete', sources))).toEqual(['quick: reminder'])
    const worse = [source('files'), source('db', 'failed')]
    const told = keeper.runs(366 * DAY, run('failed', worse))
    expect(told).toEqual([
      'source: failure',
      'failures: failure',
      'quick: failure',
      'quick: recovery',
      'once: failure',
      'once: recovery',
    ])
  })

  test('what could not be sent is tried again with growing pauses, and not once it is over', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }))
    const minute = 60_000
    expect(keeper.runs(0, run('failed'), [], false)).toEqual(['discord: failure'])
    expect(keeper.runs(9 * minute, run('failed'), [], false)).toEqual([])
    expect(keeper.runs(10 * minute, run('failed'), [], false)).toEqual(['discord: failure'])
    expect(keeper.runs(29 * minute, run('failed'))).toEqual([])
    expect(keeper.runs(30 * minute, run('failed'))).toEqual(['discord: failure'])
    expect(keeper.runs(60 * minute, run('succeeded'), [], false)).toEqual(['discord: recovery'])
    expect(keeper.runs(80 * minute, run('succeeded'))).toEqual(['discord: recovery'])
    expect(keeper.runs(90 * minute, run('succeeded'))).toEqual([])
  })
})

test('two runs that end at the same time do not forget each other', ({ expect }) => {
  const context = { stack: 's', host: 'h', channels: channels({ discord: { url } }), state: NO_ALERT_STATE, now: 0 }
  const jobs = ['nightly', 'hourly']
  const plans = jobs.map((job) => planRunAlerts(run('failed', [source('files', 'failed')], job), [], context))
  const sent = { sent: true, channel: 'discord', place: 'x', about: 'failure', at: 0, nothing: false } as const
  const state = plans.reduce((state, plan) => settleAlerts(state, plan, [sent]), NO_ALERT_STATE)
  for (const job of jobs) {
    const again = planRunAlerts(run('failed', [source('files', 'failed')], job), [], { ...context, state, now: 1 })
    expect(again.alerts).toEqual([])
  }
})

describe('freshness', () => {
  test('what is overdue is told once, reminded of, and told as over', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }, { ping: { url } }))
    expect(keeper.measures(0, freshness(null))).toEqual([])
    expect(keeper.measures(1, freshness(1))).toEqual(['discord: overdue', 'ping: overdue'])
    expect(keeper.measures(2, freshness(1))).toEqual([])
    expect(keeper.measures(1 + DAY, freshness(1))).toEqual(['discord: reminder', 'ping: reminder'])
    expect(keeper.measures(2 + DAY, freshness(null))).toEqual(['discord: recovery'])
  })

  test('several that become overdue at the same time are one message', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }))
    const items = [freshness(1), freshness(1, 'db'), freshness(null, 'git')]
    const context = { stack: 's', host: 'h', channels: channels({ discord: { url } }), state: NO_ALERT_STATE, now: 1 }
    expect(planFreshnessAlerts(items, context).alerts[0]!.event).toMatchObject({ items: items.slice(0, 2) })
    expect(keeper.measures(1, ...items)).toEqual(['discord: overdue'])
  })

  test('a run that brings a failing and overdue source back tells both in one message', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url } }))
    keeper.runs(0, run('failed'))
    keeper.measures(1, freshness(1))
    expect(keeper.runs(2, run('succeeded'), [freshness(null)])).toEqual(['discord: recovery'])
    expect(keeper.measures(3, freshness(null))).toEqual([])
  })
})

describe('digests and tests', () => {
  const monday = Date.parse('2026-11-23T08:00Z')
  const digests = (from: number[]) => (context: Parameters<typeof planTestAlerts>[0]) =>
    planDigests(
      (start, to) => {
        from.push(start, to)
        return { from: start, to, runs: { succeeded: 1, incomplete: 0, failed: 0 }, sources: [] }
      },
      'UTC',
      context,
    )

  test('a digest covers the time since the one before, the first since its channel was seen', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url }, digest: 'weekly' }, { slack: { url } }, { ping: { url } }))
    const asked: number[] = []
    expect(keeper.does(monday - DAY, digests(asked))).toEqual([])
    expect(keeper.does(monday - 1, digests(asked))).toEqual([])
    expect(keeper.does(monday, digests(asked))).toEqual(['discord: digest'])
    expect(keeper.does(monday + DAY, digests(asked))).toEqual([])
    expect(keeper.does(monday + 7 * DAY, digests(asked))).toEqual(['discord: digest'])
    expect(asked).toEqual([monday - DAY, monday, monday, monday + 7 * DAY])
  })

  test('a digest that could not be sent is tried again after a pause', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url }, on: ['digest'] }))
    keeper.does(monday - DAY, digests([]))
    expect(keeper.does(monday, digests([]), false)).toEqual(['discord: digest'])
    expect(keeper.does(monday + 60_000, digests([]))).toEqual([])
    expect(keeper.does(monday + 600_000, digests([]))).toEqual(['discord: digest'])
    expect(keeper.does(monday + HOUR, digests([]))).toEqual([])
  })

  test('a test goes to every channel', ({ expect }) => {
    const keeper = new Keeper(channels({ discord: { url }, on: [] }, { ping: { url }, jobs: ['none'] }))
    expect(keeper.does(0, planTestAlerts)).toEqual(['discord: test', 'ping: test'])
  })
})
