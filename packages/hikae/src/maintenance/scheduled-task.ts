import type { ScheduledJob } from '../schedules/scheduled-job.ts'
import type { TimedSchedule } from '../schedules/schedule.ts'
import type { ConfiguredMaintenance } from './maintenance-schema.ts'
import type { ReadAmount } from './read-data-schema.ts'
import { MAINTENANCE_TASKS, type MaintenanceTask } from './task.ts'

/** A task of maintenance as schedules see it: a job of that name. */
export interface ScheduledTask extends ScheduledJob {
  readonly name: MaintenanceTask
  readonly schedule: TimedSchedule
  /** Names, in the order in which they are seen to. */
  readonly repositories: readonly string[]
  /** Of a check. */
  readonly readData?: ReadAmount
}

/** What maintenance does by itself, the check first: before anything is removed, it is known whether all is whole. */
export function scheduledTasks(
  maintenance: ConfiguredMaintenance,
  { repositories, timeZone }: { readonly repositories: readonly string[]; readonly timeZone: string },
): ScheduledTask[] {
  const { to = repositories, readData } = maintenance
  return MAINTENANCE_TASKS.flatMap((name): ScheduledTask[] => {
    const schedule = maintenance[name]
    if (schedule === undefined || to.length === 0) return []
    const data = name === 'check' && readData !== undefined ? { readData } : {}
    return [{ name, schedule, timeZone, repositories: to, ...data }]
  })
}
