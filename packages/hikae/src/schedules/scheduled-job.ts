import type { Schedule } from './schedule.ts'
import type { DailyHours } from './time-window.ts'

/** What has to be known of a job to say when it runs. */
export interface ScheduledJob {
  readonly name: string
  readonly schedule: Schedule
  /** `Asia/Tokyo` */
  readonly timeZone: string
  /** It may begin only then. */
  readonly between?: DailyHours
}

/** What is remembered of a job. */
export interface JobMarks {
  /** When a run of it last began, however that ended; undefined when none has. */
  readonly lastStarted?: Date | undefined
  /** When the job was first seen: nothing before that was missed. */
  readonly firstSeen: Date
  /** When what the last run of it could not do is to be tried again, before its next time. */
  readonly retryAt?: Date | undefined
}
