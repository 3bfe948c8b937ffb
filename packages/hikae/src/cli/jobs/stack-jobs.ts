import { homedir } from 'node:os'
import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Discover } from '../../config/discover-schema.ts'
import type { Stack } from '../../config/load.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { ConfiguredJob } from '../../jobs/job-schema.ts'
import type { JobOnTime } from '../../jobs/source-status.ts'
import { type ScheduledTask, scheduledTasks } from '../../maintenance/scheduled-task.ts'
import { resolveJobs, resolveSources } from '../../jobs/resolve-jobs.ts'
import { namedRepository } from '../../repositories/named-repository.ts'
import { ownTimeZone } from '../../schedules/time-zone.ts'
import type { OwnPath } from '../../sources/own-paths.ts'
import { SOURCE_KINDS } from '../../sources/kinds.ts'
import { stateFolder } from '../../state/state-folder.ts'
import { openStack, type StackContext } from '../config/open-stack.ts'
import type { GlobalValues } from '../global-options.ts'

/** A stack with its jobs, ready to run. */
export interface StackJobs {
  readonly stack: Stack
  /** What snapshots say: its name in the file, else that of the folder that the file is in. */
  readonly name: string
  readonly timeZone: string
  readonly jobs: readonly JobOnTime[]
  /** What is done to its repositories by schedule. */
  readonly maintenance: readonly ScheduledTask[]
  /** All of the file, whether or not a job saves them. */
  readonly sources: readonly JobSource[]
  /** Present when containers bring sources too, which are looked for when it matters. */
  readonly discover?: Discover
  /** Where what is remembered of it lies. */
  readonly stateFolder: string
  /** What is Hikae's on this machine: the state of all stacks, and the repositories of this one. */
  readonly own: readonly OwnPath[]
}

/** @returns undefined when there is no stack file @throws {ConfigError} it makes no sense */
export async function openStackJobs(globals: GlobalValues, context: StackContext): Promise<StackJobs | undefined> {
  const stack = await openStack(globals, context)
  if (!stack) return undefined
  const name = stack.config.stack ?? stack.folder.split('/').at(-1)!
  const timeZone = stack.config.timezone ?? ownTimeZone()
  const ownState = stateFolder({ env: context.env, home: homedir() }, await realpath(stack.file))
  return {
    stack,
    timeZone,
    name: name === '' ? 'stack' : name,
    jobs: resolveJobs(stack.config, SOURCE_KINDS).map((job) => ({
      ...job,
      schedule: stack.config.jobs[job.name]!.schedule,
      timeZone,
      ...betweenOf(stack.config.jobs[job.name]!),
    })),
    maintenance: scheduledTasks(stack.config.maintenance, {
      repositories: Object.keys(stack.config.repositories),
      timeZone,
    }),
    sources: resolveSources(stack.config, SOURCE_KINDS),
    ...(stack.config.discover && { discover: stack.config.discover }),
    stateFolder: ownState,
    own: [{ path: resolve(dirname(ownState)), kind: 'state' }, ...localRepositories(stack)],
  }
}

function localRepositories(stack: Stack): OwnPath[] {
  return Object.keys(stack.config.repositories).flatMap((name) => {
    const place = namedRepository(stack, name)?.place
    return place?.kind === 'local' ? [{ path: place.path, kind: 'repository' as const }] : []
  })
}

function betweenOf({ limits: { between } }: ConfiguredJob): Pick<JobOnTime, 'between'> {
  return between === undefined ? {} : { between }
}
