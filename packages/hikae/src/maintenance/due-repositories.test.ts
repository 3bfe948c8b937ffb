import { describe, test } from 'vitest'
import { scheduleSchema } from '../schedules/schedule-schema.ts'
import type { TimedSchedule } from '../schedules/schedule.ts'
import type { StepRecord } from '../state/run-record.ts'
import { dueRepositories, retryAfterMs, retryOf } from './due-repositories.ts'
import type { ScheduledTask } from './scheduled-task.ts'
import { standingDamage, taskHistory } from './task-history.ts'

const TASK: ScheduledTask = {
  name: 'check',
  schedule: scheduleSchema.parse('daily at 02:00') as TimedSchedule,
  timeZone: 'UTC',
  repositories: ['usb', 'nas'],
}
const FIRST_SEEN = at('2026-11-01 00:00')

describe('a task', () => {
  test('is due in each repository by itself', ({ expect }) => {
    const steps = {
      usb: [step('2026-11-21 02:00', 'failed')],
      nas: [step('2026-11-21 02:01', 'succeeded')],
    }
    const due = (time: string): string[] =>
      dueRepositories(TASK, remembered(steps), { firstSeen: FIRST_SEEN, now: at(time) })
    expect(due('2026-11-21 02:10')).toEqual([])
    expect(due('2026-11-21 02:15')).toEqual(['usb'])
    expect(due('2026-11-22 02:00')).toEqual(['usb', 'nas'])
    expect(dueRepositories(TASK, remembered({}), { firstSeen: FIRST_SEEN, now: at('2026-11-01 01:00') })).toEqual([])
  })

  test('is tried again after a time that grows to a day, whatever kept it from being done', ({ expect }) => {
    expect([1, 2, 3, 7, 8, 500].map((failures) => retryAfterMs(failures) / 60_000)).toEqual([
      15, 30, 60, 960, 1440, 1440,
    ])
    const interrupted: StepRecord = { number: 1, kind: 'check', startedAt: at('2026-11-21 04:00').toISOString() }
    const steps = {
      usb: [interrupted, step('2026-11-21 03:00', 'cancelled'), step('2026-11-21 02:00', 'skipped')],
      nas: [step('2026-11-21 02:01', 'succeeded')],
    }
    const context = { firstSeen: FIRST_SEEN, now: at('2026-11-21 04:01') }
    expect(retryOf(TASK, remembered(steps), context)).toEqual(at('2026-11-21 05:00'))
    expect(retryOf(TASK, remembered({ ...steps, usb: steps.nas }), context)).toBeUndefined()
  })

  test('is owed to a repository that its last run did not come to', ({ expect }) => {
    const steps = { usb: [step('2026-11-21 02:00', 'succeeded')], nas: [step('2026-11-20 02:00', 'succeeded')] }
    const now = at('2026-11-21 09:00')
    expect(retryOf(TASK, remembered(steps), { firstSeen: FIRST_SEEN, now })).toEqual(now)
  })
})

describe('what is remembered of checks', () => {
  const damaged = step('2026-11-14 02:00', 'failed', { errors: 2, readUpTo: 'aa' })

  test('counts one that has found damage as done', ({ expect }) => {
    const history = taskHistory(remembered({ usb: [step('2026-11-15 02:00', 'failed'), damaged] }), 'check', 'usb')
    expect(history).toMatchObject({ lastDone: damaged, failures: 1 })
  })

  test('keeps damage until a check shows that it is gone', ({ expect }) => {
    const later = step('2026-11-15 02:00', 'failed')
    const standing = (steps: StepRecord[], allReadAt?: string): StepRecord | undefined =>
      standingDamage(taskHistory(remembered({ usb: steps }), 'check', 'usb'), allReadAt)
    expect(standing([later, damaged])).toEqual(damaged)
    expect(standing([later, damaged], '2026-11-13T00:00:00.000Z')).toEqual(damaged)
    expect(standing([later, damaged], '2026-11-16T00:00:00.000Z')).toBeUndefined()
    expect(standing([step('2026-11-21 02:00', 'succeeded'), damaged])).toBeUndefined()
  })
})

function at(time: string): Date {
  return new Date(`${time.replace(' ', 'T')}Z`)
}

function step(time: string, outcome: StepRecord['outcome'], facts?: StepRecord['facts']): StepRecord {
  return {
    number: 1,
    kind: 'check',
    startedAt: at(time).toISOString(),
    ...(outcome && { outcome }),
    ...(facts && { facts }),
  }
}

function remembered(steps: Readonly<Record<string, readonly StepRecord[]>>) {
  return { steps: (_job: string, _kind: string, repository: string) => steps[repository] ?? [] }
}
