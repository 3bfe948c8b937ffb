import { join } from 'node:path'
import { isTimed } from '../schedule.ts'
import { dueCommand, type InstallRequest, type SystemPlaces } from './install-request.ts'
import type { MadeFile } from './made-file.ts'
import { ownershipText } from './ownership.ts'
import { offsetsAfter, utcMinutesOfDay } from './start-times.ts'

/**
 * One file that asks what is due: at each minute of an hour at which, by any clock, a job may begin, and after a start of
 * the machine. cron knows no time zones, is of several minds about changes of clocks, and forgets what it missed; all that
 * is left to the program, as in the daemon.
 */
export function cronFile(request: InstallRequest, { etcCron }: SystemPlaces): MadeFile[] {
  if (!request.jobs.some(({ schedule }) => isTimed(schedule))) return []
  const { user, stack } = request
  const command = ['nice', '-n', '10', ...dueCommand(request, '--quiet')].map(cronWord).join(' ')
  const content = `${ownershipText(request)}# It asks the program what is due: times, time zones and what was missed are known there.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

@reboot ${user} ${command}
${minutesField(request)} * * * * ${user} ${command}
`
  // cron ignores files with a dot in their names.
  return [{ path: join(etcCron, `hikae-${stack.replaceAll('.', '_')}`), content }]
}

type MinutesRequest = Pick<InstallRequest, 'jobs' | 'now' | 'machineTimeZone'>

/** Minutes of the hour, as the machine counts them, at which something may begin. */
export function minutesOfHour({ jobs, now, machineTimeZone }: MinutesRequest): number[] {
  const offsets = offsetsAfter(machineTimeZone, now)
  const minutes = jobs.flatMap((job) =>
    utcMinutesOfDay(job, now).flatMap((minute) => offsets.map((offset) => (minute + offset + 2880) % 60)),
  )
  return [...new Set(minutes)].sort((a, b) => a - b)
}

/** The first field of its line: it follows from the jobs, and from the machine's time zone. */
export function minutesField(request: MinutesRequest): string {
  const minutes = minutesOfHour(request)
  return minutes.length === 60 ? '*' : minutes.join(',')
}

/** For the shell, and for cron, which ends a command at `%`. */
function cronWord(word: string): string {
  const forShell = /^[\w./@:=+,%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  return forShell.replaceAll('%', '\\%')
}
