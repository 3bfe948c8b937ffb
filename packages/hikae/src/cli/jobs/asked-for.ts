import type { backupOptions } from '../commands/backup.ts'
import type { CommandInput } from '../command.ts'
import type { CommandContext, Environment } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { isThere } from '../../is-there.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { JobOnTime } from '../../jobs/source-status.ts'
import { nearest } from '../../nearest.ts'
import type { GlobalValues } from '../global-options.ts'
import { discoverSources } from './labelled/discover-sources.ts'
import { sourceOfSnapshots } from './labelled/source-of-snapshots.ts'
import { openStackJobs, type StackJobs } from './stack-jobs.ts'
import { printFindings } from './undo-source.ts'

/**
 * The jobs that `hikae backup` is to run; undefined when paths are to be saved.
 *
 * @throws {UsageError} jobs and paths are mixed, or there are options for paths beside jobs
 */
export async function jobsAskedFor(
  { args, globals, options }: CommandInput<typeof backupOptions>,
  context: CommandContext,
): Promise<{ jobs: readonly JobOnTime[]; stack: StackJobs } | undefined> {
  const asked = await jobsOrPaths({ args, globals, options }, context)
  if (asked || !options.discover) return asked
  throw new UsageError('--discover is for jobs of a stack file, and there is none here that is meant', {
    hint: 'name jobs instead of paths, or no job for all of them; without --repo, and with --config where the file is elsewhere',
  })
}

async function jobsOrPaths(
  { args, globals, options }: CommandInput<typeof backupOptions>,
  context: CommandContext,
): Promise<{ jobs: readonly JobOnTime[]; stack: StackJobs } | undefined> {
  const lists = [...options.filesFrom, ...options.filesFromVerbatim, ...options.filesFromRaw]
  if (namesRepository(globals, context.env) || options.stdin || options.stdinFromCommand || lists.length > 0)
    return undefined
  // What is in a folder is no job, and needs no look at the stack file.
  if (args.length > 0 && args.every((arg) => arg.includes('/'))) return undefined
  const opened = await openStackJobs(globals, context)
  const stack = opened && options.discover ? { ...opened, discover: opened.discover ?? { gone: [] } } : opened
  if (stack && options.due && args.length === 0 && stack.maintenance.length > 0) return { jobs: stack.jobs, stack }
  if (!stack || stack.jobs.length === 0) {
    if (!options.due) return undefined
    throw new UsageError('there is no stack file with jobs, so nothing can be due', {
      hint: 'name the stack file with --config',
    })
  }
  if (args.length === 0) return { jobs: stack.jobs, stack }
  const named = args.map((arg) => stack.jobs.find(({ name }) => name === arg))
  const jobs = named.filter((job) => job !== undefined)
  if (jobs.length === 0) {
    await refuseWhatIsNothing(args, stack)
    return undefined
  }
  if (jobs.length < args.length) {
    throw new UsageError(`${args[named.indexOf(undefined)]} is no job of ${stack.stack.file}, and the others are`, {
      hint: `the jobs are ${stack.jobs.map(({ name }) => name).join(', ')}; save paths by a call of their own`,
    })
  }
  return { jobs, stack }
}

/** @throws {UsageError} names that are no jobs, and that nothing here has */
async function refuseWhatIsNothing(names: readonly string[], { stack, jobs, sources }: StackJobs): Promise<void> {
  for (const name of names) if (await isThere(name)) return
  const [first = ''] = names
  const saving = jobs.filter((job) => job.sources.some((source) => source.name === first)).map((job) => job.name)
  const known = jobs.map((job) => job.name)
  const meant = nearest(first, known)
  const isSource = sources.some((source) => source.name === first)
  throw new UsageError(
    isSource
      ? `${first} is a source of ${stack.file}, and backup takes jobs`
      : `${first} is no job of ${stack.file}, and no file here`,
    {
      hint:
        isSource && saving.length > 0
          ? `run the job that saves it: hikae backup ${saving[0]}`
          : `${meant === undefined ? '' : `do you mean ${meant}? `}the jobs are ${known.join(', ')}`,
    },
  )
}

/** A source, and the stack that it belongs to. */
interface NamedSource {
  readonly source: JobSource
  readonly stack: StackJobs
}

/**
 * The source that `hikae restore` is to bring back: of the stack file, or one that a container brings or has brought.
 *
 * @throws {UsageError} there is no such source
 */
export async function sourceAskedFor(
  name: string,
  globals: GlobalValues,
  context: CommandContext,
): Promise<NamedSource> {
  const stack = await openStackJobs(globals, context)
  const looked = stack && (await lookForSource(name, stack, globals, context))
  if (stack && looked?.found) return { source: looked.found, stack }
  const meant = nearest(name, looked?.names ?? [])
  const asSource = meant === undefined ? '' : `if you mean the source, write ${meant}; `
  throw new UsageError(
    `${name} is no source of a stack file, and for a snapshot restore needs to know where to put the files`,
    {
      hint: `${asSource}add --target DIRECTORY to write files of a snapshot`,
    },
  )
}

/**
 * The source that is meant, and nothing else can be: of the stack file, or one that a container brings or has brought.
 *
 * @throws {UsageError} there is no stack file, or no such source
 */
export async function sourceNamed(name: string, globals: GlobalValues, context: CommandContext): Promise<NamedSource> {
  const stack = await openStackJobs(globals, context)
  if (!stack) throw new UsageError('there is no stack file', { hint: 'name another with --config FILE' })
  const { found, names } = await lookForSource(name, stack, globals, context)
  if (found) return { source: found, stack }
  const meant = nearest(name, names)
  throw new UsageError(`${name} is no source of ${stack.stack.file}`, {
    hint: meant === undefined ? `the sources are ${names.join(', ')}` : `do you mean ${meant}?`,
  })
}

/** What containers bring is asked for only when the stack file has no such name; what they have brought, only then. */
async function lookForSource(
  name: string,
  stack: StackJobs,
  globals: GlobalValues,
  context: CommandContext,
): Promise<{ readonly found?: JobSource; readonly names: readonly string[] }> {
  const own = stack.sources.find((source) => source.name === name)
  if (own) return { found: own, names: [] }
  const { sources, findings, discovery } = await discoverSources(stack, context)
  const names = sources.map((source) => source.name)
  const labelled = sources.find((source) => source.name === name)
  if (labelled) return { found: labelled, names }
  const about = findings.filter(({ source }) => source === name || discovery === 'unknown')
  printFindings(about, context.out)
  const brought = await sourceOfSnapshots(name, stack, globals, context)
  return { ...(brought && { found: brought }), names }
}

function namesRepository({ repo, repositoryFile }: GlobalValues, env: Environment): boolean {
  const variables = ['HIKAE_REPOSITORY', 'RESTIC_REPOSITORY', 'HIKAE_REPOSITORY_FILE', 'RESTIC_REPOSITORY_FILE']
  return repo.length > 0 || repositoryFile !== undefined || variables.some((variable) => env[variable])
}
