import { basename } from 'node:path'
import { minutesField } from '../../schedules/install/cron-file.ts'
import { findInstalled, isTimer } from '../../schedules/install/install-plan.ts'
import type { MadeFile } from '../../schedules/install/made-file.ts'
import { readOwnership } from '../../schedules/install/ownership.ts'
import { timerName, timerText } from '../../schedules/install/systemd-units.ts'
import { nextAfter } from '../../schedules/occurrences.ts'
import { describeSchedule, isTimed } from '../../schedules/schedule.ts'
import type { ScheduledJob } from '../../schedules/scheduled-job.ts'
import { describeDailyHours, timeWindow } from '../../schedules/time-window.ts'
import { ownTimeZone } from '../../schedules/time-zone.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { formatTime } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { tableLines } from '../output/table.ts'
import { openScheduledStack, type ScheduledStack } from './jobs-of-stack.ts'
import { placesBelow } from './places-below.ts'

interface ShownJob {
  readonly name: string
  readonly schedule: string
  readonly timeZone: string
  readonly next: Date | undefined
  /** What begins it on this machine; undefined when nothing does. */
  readonly begunBy: string | undefined
  /** That knows another schedule than the stack file has. */
  readonly isOutdated: boolean
}

/** Prints when jobs run next, and what begins them on this machine. */
export async function showSchedules(
  { root }: { readonly root: string | undefined },
  globals: Pick<GlobalValues, 'config'>,
  { env, out }: CommandContext,
): Promise<ExitCode> {
  const stack = await openScheduledStack(globals, env)
  const found = await findInstalled(stack.name, placesBelow(root))
  const installed = found.filter(({ content }) => readOwnership(content)!.config === stack.config)
  const now = new Date()
  const jobs = stack.jobs.map((job) => showJob(job, { stack, installed, now }))
  const leftOver = installed.filter(
    ({ path }) => isTimer(path) && !stack.jobs.some(({ name }) => basename(path) === timerName(stack.name, name)),
  )
  if (out.json) {
    const shown = jobs.map(({ name, schedule, timeZone, next, begunBy, isOutdated }) => ({
      job: name,
      schedule,
      time_zone: timeZone,
      next: next?.toISOString() ?? null,
      begun_by: begunBy ?? null,
      outdated: isOutdated,
    }))
    out.document(shown)
    return EXIT.succeeded
  }
  const columns = [
    { heading: 'Job', cell: ({ name }: ShownJob) => name },
    { heading: 'Schedule', cell: ({ schedule }: ShownJob) => printableText(schedule) },
    { heading: 'Time zone', cell: ({ timeZone }: ShownJob) => timeZone },
    { heading: 'Next', cell: ({ next }: ShownJob) => (next ? formatTime(next.toISOString()) : '-') },
    { heading: 'Begun by', cell: ({ begunBy }: ShownJob) => begunBy ?? 'nothing on this machine' },
  ]
  for (const line of tableLines(columns, jobs)) out.line(line)
  if (jobs.some(({ isOutdated }) => isOutdated) || leftOver.length > 0)
    out.warn('what is installed is not what the stack file says now; run hikae schedule install')
  return EXIT.succeeded
}

function showJob(
  job: ScheduledJob,
  { stack, installed, now }: { stack: ScheduledStack; installed: readonly MadeFile[]; now: Date },
): ShownJob {
  const { name, schedule, timeZone, between } = job
  const hours = between ? `, ${describeDailyHours(between)}` : ''
  const timer = installed.find(({ path }) => basename(path) === timerName(stack.name, name))
  const cron = installed.find(({ path }) => !/\.(timer|service)$/.test(path))
  const request = { stack: stack.name, config: stack.config, jobs: stack.jobs, now }
  const isOutdated =
    (timer !== undefined && (!isTimed(schedule) || timer.content !== timerText(job, request))) ||
    (cron !== undefined && !cron.content.includes(`\n${minutesField({ ...request, machineTimeZone: ownTimeZone() })} `))
  const begins = timer ? basename(timer.path) : cron?.path
  return {
    name,
    schedule: `${describeSchedule(schedule)}${hours}`,
    timeZone,
    next: nextStart(job, now),
    begunBy: isTimed(schedule) ? begins : undefined,
    isOutdated,
  }
}

/** The next occurrence, or when its hours begin after that. */
function nextStart({ schedule, timeZone, between }: ScheduledJob, now: Date): Date | undefined {
  const next = nextAfter(schedule, timeZone, now)
  if (next === undefined || !between) return next
  const hours = timeWindow(between, timeZone)
  return hours.isOpen(next) ? next : hours.opensNext(next)
}
