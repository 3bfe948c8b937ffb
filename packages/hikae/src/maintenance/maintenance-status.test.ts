import { describe, test } from 'vitest'
import { scheduleSchema } from '../schedules/schedule-schema.ts'
import type { TimedSchedule } from '../schedules/schedule.ts'
import type { StepRecord } from '../state/run-record.ts'
import { type MaintenanceFacts, type MaintenanceStatus, maintenanceStatuses } from './maintenance-status.ts'
import type { ScheduledTask } from './scheduled-task.ts'

const TASK: ScheduledTask = {
  name: 'check',
  schedule: scheduleSchema.parse('weekly') as TimedSchedule,
  timeZone: 'UTC',
  repositories: ['usb'],
  readData: { percent: 5 },
}
const NOW = at('2026-11-21 12:00')

describe('a check of a repository', () => {
  test('is done when its last one went well', ({ expect }) => {
    expect(statusOf([step('2026-11-15 03:00', 'succeeded')])).toMatchObject({
      verdict: 'done',
      lastGood: at('2026-11-15 03:00'),
      next: at('2026-11-22 03:00'),
    })
  })

  test('is no more overdue than its schedule: not before two times were missed', ({ expect }) => {
    expect(statusOf([], { firstSeen: () => at('2026-11-16 00:00') }).verdict).toBe('never')
    expect(statusOf([], { firstSeen: () => at('2026-11-09 00:00') }).verdict).toBe('never')
    expect(statusOf([], { firstSeen: () => at('2026-11-01 00:00') }).verdict).toBe('overdue')
    expect(statusOf([step('2026-11-08 02:00', 'succeeded')]).verdict).toBe('overdue')
    expect(statusOf([], { remembered: undefined, firstSeen: () => undefined }).verdict).toBe('never')
  })

  test('counts when it was made by hand, if it read data', ({ expect }) => {
    const by = (passed: object): string => statusOf([], { passedChecks: () => passed }).verdict
    expect(by({ structure: '2026-11-20T00:00:00.000Z' })).toBe('overdue')
    expect(by({ part: '2026-11-20T00:00:00.000Z' })).toBe('done')
    expect(by({ all: '2026-11-20T00:00:00.000Z' })).toBe('done')
  })

  test('has failed until one goes well, and says why and when it is tried again', ({ expect }) => {
    const failed = { ...step('2026-11-21 11:00', 'failed'), message: 'there is no repository' }
    const status = statusOf([failed, step('2026-11-15 03:00', 'succeeded')])
    expect(status).toMatchObject({ verdict: 'failed', trouble: failed, next: NOW })
    const checked = { passedChecks: () => ({ all: '2026-11-21T11:30:00.000Z' }) }
    expect(statusOf([failed, step('2026-11-15 03:00', 'succeeded')], checked)).toMatchObject({ verdict: 'done' })
    expect(statusOf([step('2026-11-21 11:00', 'skipped'), step('2026-11-15 03:00', 'succeeded')])).toMatchObject({
      verdict: 'done',
    })
  })

  test('that found damage stays so until all data was read without any', ({ expect }) => {
    const damaged = { ...step('2026-11-15 03:00', 'failed'), facts: { errors: 3 } }
    const passed = (depth: string): MaintenanceStatus =>
      statusOf([damaged], { passedChecks: () => ({ [depth]: '2026-11-20T00:00:00.000Z' }) })
    expect(passed('structure')).toMatchObject({ verdict: 'damaged', trouble: damaged })
    expect(passed('part').verdict).toBe('damaged')
    expect(passed('all').verdict).toBe('done')
    expect(statusOf([damaged], { passedChecks: () => undefined }).verdict).toBe('damaged')
  })
})

function statusOf(steps: readonly StepRecord[], facts: Partial<MaintenanceFacts> = {}): MaintenanceStatus {
  const [status] = maintenanceStatuses([TASK], {
    remembered: { steps: () => steps },
    firstSeen: () => at('2026-11-01 00:00'),
    passedChecks: () => ({}),
    now: NOW,
    ...facts,
  })
  return status!
}

function step(time: string, outcome: NonNullable<StepRecord['outcome']>): StepRecord {
  return { number: 1, kind: 'check', repository: 'usb', startedAt: at(time).toISOString(), outcome }
}

function at(time: string): Date {
  return new Date(`${time.replace(' ', 'T')}Z`)
}
