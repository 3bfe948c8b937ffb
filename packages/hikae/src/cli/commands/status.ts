import type { SourceStatus } from '../../jobs/source-status.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { flag } from '../option.ts'
import type { GlobalValues } from '../global-options.ts'
import type { KnownSources } from '../jobs/labelled/known-sources.ts'
import type { SurveyedRepository } from '../survey/survey.ts'

export const status = command({
  name: 'status',
  group: 'Look',
  summary: 'Tell what is at risk now, and the 3-2-1 score',
  description:
    'One line per source of the stack file, and per source that containers bring with `discover:`: whether its last good snapshot is as young as promised (or, where nothing is ' +
    'promised, no older than two times of its schedule), where it is, when it is saved next, and how its last drill went. ' +
    'One line per task of maintenance and repository: when it was last done, and whether damage was found. ' +
    'One line per repository, and how many copies there are on how many media and how many off-site: three, two and one are ' +
    'what a backup should have, the live data counting as one copy. Repositories that one accident takes together, because ' +
    'they share a disk, a host or an account, are one copy. Exit code 3 when a source is overdue or is missing from a repository, a container brings its source no more, the last drill of a source failed or took longer than promised, a repository ' +
    'cannot be reached or is behind, or a check or prune of `maintenance:` is overdue, failed or found damage.',
  arguments: [],
  options: { alert: flag({ help: 'send the alerts that are due about what is overdue; for cron, beside a daemon' }) },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['status', 'everything in hikae.yaml'],
    ['status --quiet --alert', 'from cron: tells when backups have stopped, also when the daemon has'],
  ],
  async run({ globals, options }, context) {
    const { chooseRepositories } = await import('../repository/choose.ts')
    const { keptOfStack } = await import('../jobs/kept-of-stack.ts')
    const { drillsOf } = await import('../drill/drills-of.ts')
    const { isDrillFine } = await import('../survey/drill-text.ts')
    const { freshnessOf } = await import('../survey/freshness.ts')
    const { isFine: isMaintained } = await import('../../maintenance/maintenance-status.ts')
    const { maintenanceOf } = await import('../survey/maintenance-of.ts')
    const { scoreOf } = await import('../survey/score.ts')
    const { printStatus } = await import('../survey/status-view.ts')
    const { surveyRepositories } = await import('../survey/survey.ts')
    const chosen = await chooseRepositories(globals, context)
    const repositories = await surveyRepositories(chosen, globals, context, { sizes: false })
    const known = await knownOf(repositories, globals, context)
    const stack = known?.stack
    const sources = known ? await sourcesOf(repositories, known) : []
    const discovered = stack?.findings ?? []
    const drills = stack ? await drillsOf(stack, context) : new Map()
    const maintenance = stack ? await maintenanceOf(stack, repositories, context) : []
    const kept = stack ? await keptOfStack(stack, context) : []
    const score = await scoreOf(repositories, context.signal)
    printStatus({ repositories, sources, discovered, drills, maintenance, kept, score }, context.out, Date.now())
    if (options.alert && known) await alertOf(sources, known, context)
    const isFine = repositories.every(
      (repository) => repository.kind === 'reached' && freshnessOf(repository, repositories).kind !== 'behind',
    )
    const isSafe =
      sources.every(({ verdict, missingFrom, gone }) => verdict === 'fresh' && missingFrom.length === 0 && !gone) &&
      discovered.every(({ severity }) => severity !== 'error')
    const isProven = sources.every((source) => isDrillFine(source, drills))
    return isFine && isSafe && isProven && maintenance.every(isMaintained) ? EXIT.succeeded : EXIT.incomplete
  },
})

/** None when the command line names repositories, which are then all that is asked about. */
async function knownOf(
  repositories: readonly SurveyedRepository[],
  globals: GlobalValues,
  context: CommandContext,
): Promise<KnownSources | undefined> {
  if (repositories.some(({ chosen }) => chosen.name === undefined)) return undefined
  const { openStackJobs } = await import('../jobs/stack-jobs.ts')
  const { knownSources } = await import('../jobs/labelled/known-sources.ts')
  const stack = await openStackJobs(globals, context)
  return stack && (await knownSources(stack, context))
}

async function sourcesOf(
  repositories: readonly SurveyedRepository[],
  { stack, jobs: all, gone }: KnownSources,
): Promise<SourceStatus[]> {
  const { sourceStatuses } = await import('../../jobs/source-status.ts')
  const held = repositories.map((repository) => ({
    repository: repository.label,
    ...(repository.kind === 'reached' && { snapshots: repository.snapshots }),
  }))
  const asked = new Set(held.map(({ repository }) => repository))
  const jobs = all.map((job) => ({ ...job, repositories: job.repositories.filter((name) => asked.has(name)) }))
  const statuses = sourceStatuses(
    jobs.filter((job) => job.repositories.length > 0),
    { stack: stack.name, held, now: new Date() },
  )
  return statuses.map((status) => {
    const absent = gone.find(({ source }) => source === status.source)
    return absent ? { ...status, gone: absent } : status
  })
}

/** Silence is told too: nothing has to run for that but this. */
async function alertOf(
  sources: readonly SourceStatus[],
  { stack, jobs }: KnownSources,
  context: CommandContext,
): Promise<void> {
  const { Alerting } = await import('../alerts/alerting.ts')
  const { openState } = await import('../../state/state.ts')
  const { promisesOf } = await import('../alerts/promises.ts')
  await using state = openState(stack.stateFolder, { clock: Date.now })
  const alerting = new Alerting(stack, state, context)
  await alerting.overdue(promisesOf(jobs, sources, Date.now()))
  await alerting.maintenance()
}
