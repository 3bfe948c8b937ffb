import { ProgramError } from '../../errors.ts'

export type ScheduleErrorCode =
  | 'SCHEDULE_NO_SYSTEM'
  | 'SCHEDULE_NOT_OURS'
  | 'SCHEDULE_OTHER_STACK'
  | 'SCHEDULE_UNWRITABLE'
  | 'SCHEDULE_BAD_NAME'

/** Schedules could not be installed or removed. */
export class ScheduleError extends ProgramError {
  override readonly name = 'ScheduleError'
  readonly code: ScheduleErrorCode

  constructor(code: ScheduleErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
