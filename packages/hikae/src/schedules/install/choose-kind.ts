import type { InstallKind, SystemPlaces } from './install-request.ts'
import { isFolder } from './is-folder.ts'
import { ScheduleError } from './schedule-error.ts'

/**
 * What this machine has: systemd when it runs, else cron.
 *
 * @throws {ScheduleError} it has neither
 */
export async function chooseKind({ etcCron, runSystemd }: SystemPlaces): Promise<InstallKind> {
  if (await isFolder(runSystemd)) return 'systemd'
  if (await isFolder(etcCron)) return 'cron'
  throw new ScheduleError('SCHEDULE_NO_SYSTEM', `neither systemd nor ${etcCron} is on this machine`, {
    hint: 'let hikae daemon run, or install cron; --with systemd writes its files all the same',
  })
}
