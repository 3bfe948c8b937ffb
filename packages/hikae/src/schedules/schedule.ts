import type { CronFields } from './cron-fields.ts'

/** When a job is due. */
export type Schedule = TimedSchedule | ManualSchedule | ChangeSchedule

/** At times that are known beforehand. */
export type TimedSchedule = CronSchedule | IntervalSchedule

export interface CronSchedule {
  readonly kind: 'cron'
  /** As it was written, for people. */
  readonly text: string
  readonly fields: CronFields
}

export interface IntervalSchedule {
  readonly kind: 'interval'
  readonly text: string
  /** Whole minutes. */
  readonly everyMs: number
}

/** Only when somebody asks. */
export interface ManualSchedule {
  readonly kind: 'manual'
}

/** When something has changed, and then been quiet. */
export interface ChangeSchedule {
  readonly kind: 'change'
  readonly settleMs: number
  /** What never becomes quiet is due so long after the first change. */
  readonly atMostMs: number
}

export function isTimed(schedule: Schedule): schedule is TimedSchedule {
  return schedule.kind === 'cron' || schedule.kind === 'interval'
}

/** For people: as it was written. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'cron':
    case 'interval':
      return schedule.text
    case 'manual':
      return 'manual'
    case 'change':
      return 'on change'
  }
}
