import type { ScheduledJob } from '../scheduled-job.ts'

/** What is to be installed. */
export interface InstallRequest {
  /** Name of the stack: letters, digits, dots, dashes and underscores. */
  readonly stack: string
  readonly jobs: readonly ScheduledJob[]
  /** Full path. */
  readonly program: string
  /** Full path of the stack file. */
  readonly config: string
  /** Who runs it. */
  readonly user: string
  readonly now: Date
  /** Of the machine: cron knows no other. */
  readonly machineTimeZone: string
}

/** Folders of the system; others in tests. */
export interface SystemPlaces {
  readonly etcSystemd: string
  readonly etcCron: string
  /** Is there when systemd runs the machine. */
  readonly runSystemd: string
}

export const SYSTEM_PLACES: SystemPlaces = {
  etcSystemd: '/etc/systemd/system',
  etcCron: '/etc/cron.d',
  runSystemd: '/run/systemd/system',
}

/** `systemd`: a timer for each job; `cron`: one file. */
export type InstallKind = 'systemd' | 'cron'

/** Runs the jobs of a stack that are due, until none is: the same loop as in the daemon. */
export function dueCommand(
  { program, config }: Pick<InstallRequest, 'program' | 'config'>,
  ...more: string[]
): string[] {
  return [program, 'backup', '--config', config, '--due', ...more]
}
