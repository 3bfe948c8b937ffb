import { join } from 'node:path'
import { describeSchedule, isTimed } from '../schedule.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { describeDailyHours } from '../time-window.ts'
import { calendarsOf } from './calendar.ts'
import { dueCommand, type InstallRequest, type SystemPlaces } from './install-request.ts'
import type { MadeFile } from './made-file.ts'
import { ownershipText } from './ownership.ts'

/**
 * One service for the stack, which runs what is due, and a timer for each job that is timed. Jobs share the service as they
 * share a daemon: what comes while it runs is seen by it. Names of stacks and jobs hold no `@`, so that no two stacks have
 * units of the same name.
 */
export function systemdUnits(request: InstallRequest, { etcSystemd }: SystemPlaces): MadeFile[] {
  const timed = request.jobs.filter(({ schedule }) => isTimed(schedule))
  if (timed.length === 0) return []
  const service = { path: join(etcSystemd, serviceName(request.stack)), content: serviceText(request) }
  const timers = timed.map((job) => ({
    path: join(etcSystemd, timerName(request.stack, job.name)),
    content: timerText(job, request),
  }))
  return [service, ...timers]
}

export function timerName(stack: string, job: string): string {
  return `hikae-${stack}@${job}.timer`
}

function serviceName(stack: string): string {
  return `hikae-${stack}.service`
}

/**
 * It is hardened only where no backup can mind: anything that gives a service mounts of its own (ProtectSystem,
 * PrivateTmp, …) would keep the mounts of hooks from the machine and hide files from the backup, and what sets
 * NoNewPrivileges would break hooks that use sudo.
 */
function serviceText(request: InstallRequest): string {
  const { stack, config, user } = request
  return `${ownershipText(request)}
[Unit]
Description=Hikae: jobs of ${specifierFree(stack)} that are due
Documentation=man:systemd.timer(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${dueCommand(request).map(quoted).join(' ')}
User=${specifierFree(user)}
UMask=0077
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=6
# A backup may take long, and ends cleanly when it is asked to.
TimeoutStartSec=infinity
TimeoutStopSec=5min
KillMode=mixed
CapabilityBoundingSet=~CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_TIME CAP_SYSLOG CAP_WAKE_ALARM
# Variables that ${config} needs, if any: NAME=value, one on each line.
EnvironmentFile=-/etc/hikae/${specifierFree(stack)}.env
`
}

export function timerText(job: ScheduledJob, request: Pick<InstallRequest, 'stack' | 'config' | 'now'>): string {
  const { schedule, timeZone, between, name } = job
  const hours = between ? `, between ${describeDailyHours(between)}` : ''
  const calendars = calendarsOf(job, request.now).map((calendar) => `OnCalendar=${calendar}`)
  return `${ownershipText(request)}# ${name}: ${describeSchedule(schedule)}${hours}, ${timeZone}. It may fire at other times too: the program asks what is due.

[Unit]
Description=Hikae: ${specifierFree(request.stack)}, job ${specifierFree(name)}, ${specifierFree(describeSchedule(schedule))}

[Timer]
Unit=${serviceName(request.stack)}
${calendars.join('\n')}
Persistent=true
AccuracySec=1s
RandomizedDelaySec=0

[Install]
WantedBy=timers.target
`
}

function quoted(word: string): string {
  const escaped = specifierFree(word)
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('$', () => '$$')
  return /^[\w./@:%=+,-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** systemd reads `%` as the beginning of a specifier. */
function specifierFree(text: string): string {
  return text.replaceAll('%', '%%')
}
