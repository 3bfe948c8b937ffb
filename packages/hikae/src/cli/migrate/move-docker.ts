import { posix } from 'node:path'
import type { Engines, MigrationProgress, MigrationReport, MigrationRequest } from '../../migration/migration.ts'
import { engineAt } from '../../migration/engine-at.ts'
import { migrate, whatIsMoved } from '../../migration/migrate.ts'
import { type MigrationPlan, planMigration } from '../../migration/plan.ts'
import { releaseMigrations, removeUnfinished } from '../../migration/unfinished/settle-migrations.ts'
import { UsageError } from '../../errors.ts'
import { confirm } from '../confirm.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { printFindings } from '../jobs/undo-source.ts'
import { formatBytesRoughly, formatQuantity } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { migrationContext } from './migration-context.ts'
import { planNotes, planSteps } from './plan-text.ts'

export interface MoveOptions {
  readonly from: string
  readonly to: string
  readonly args: readonly string[]
  readonly volumes: readonly string[]
  readonly folder: string | undefined
  readonly stopSource: boolean
  readonly removeSource: boolean
  readonly dryRun: boolean
  readonly yes: boolean
}

/** `hikae migrate PROJECT --from HOST --to HOST`: tells the plan, asks, carries it out. */
export async function moveDocker(options: MoveOptions, context: CommandContext): Promise<ExitCode> {
  const { out, signal } = context
  const request = requestOf(options)
  const work = migrationContext(context)
  printFindings(await releaseMigrations(work), out)
  if (!options.dryRun) printFindings(await removeUnfinished(work), out)
  await using from = await engineAt(options.from, context)
  await using to = await engineAt(options.to, context)
  const engines = { from, to }
  const plan = await planMigration(request, engines, signal)
  tell(plan, engines, context)
  if (plan.obstacles.length > 0) {
    for (const { message, hint } of plan.obstacles) {
      const text = `${out.paintError('red', 'error:')} ${printableText(message)}\nnext: ${printableText(hint)}`
      out.problem(text, { message_type: 'obstacle', message, hint })
    }
    out.note('Nothing was done.')
    return EXIT.failed
  }
  if (options.dryRun) {
    out.note('Nothing was done.')
    return EXIT.succeeded
  }
  if (!options.yes) await ask(plan, engines, context)
  const report = await withProgress(out, VIEW, async (progress) =>
    migrate(plan, engines, { context: work, now: new Date(), onProgress: (state) => progress.update(state) }),
  )
  printFindings(report.findings, out)
  printReport(plan, engines, report, context)
  return report.findings.some(({ severity }) => severity === 'error') ? EXIT.incomplete : EXIT.succeeded
}

/** @throws {UsageError} what is to be moved is not said, or said twice */
function requestOf({ args, volumes, folder, stopSource, removeSource }: MoveOptions): MigrationRequest {
  const source = removeSource ? 'removed' : stopSource ? 'stopped' : 'runs'
  if (volumes.length > 0) {
    if (folder !== undefined) throw new UsageError('--folder is for a project, and --volumes moves only volumes')
    const names = [...volumes, ...args].flatMap((text) => text.split(',')).filter((name) => name !== '')
    return { what: { kind: 'volumes', names }, source }
  }
  const [name, ...more] = args
  if (name === undefined || more.length > 0) {
    throw new UsageError(name === undefined ? 'nothing says what is to be moved' : 'one project is moved at a time', {
      hint: 'name a Compose project (see `docker compose ls --all`), or volumes with --volumes',
    })
  }
  if (folder === undefined) return { what: { kind: 'project', name }, source }
  if (!folder.startsWith('/')) {
    throw new UsageError(`'${folder}' is no absolute path`, { hint: 'it is on the other host: write all of it' })
  }
  return { what: { kind: 'project', name, folder: posix.normalize(folder).replace(/(?<=.)\/$/, '') }, source }
}

function tell(plan: MigrationPlan, engines: Engines, { out }: CommandContext): void {
  const { from, to } = engines
  const steps = planSteps(plan, engines)
  const notes = planNotes(plan)
  if (out.json) {
    const { obstacles, source } = plan
    out.document({ message_type: 'plan', from: from.address, to: to.address, source, steps, notes, obstacles })
  }
  out.note(`move ${whatIsMoved(plan)} from ${from.address} to ${to.address}:`)
  for (const [number, step] of steps.entries()) out.note(`  ${number + 1}. ${printableText(step)}`)
  for (const note of notes) out.note(`note: ${printableText(note)}`)
}

async function ask(plan: MigrationPlan, { from, to }: Engines, context: CommandContext): Promise<void> {
  await confirm(`Move ${whatIsMoved(plan)} to ${to.address}?`, context)
  if (plan.source !== 'removed') return
  await confirm(`And remove it from ${from.address} when all is well there?`, context)
}

function printReport(
  plan: MigrationPlan,
  { from, to }: Engines,
  { findings, ...report }: MigrationReport,
  { out }: CommandContext,
): void {
  if (out.json) {
    const { bytes, stoppedSeconds, cutOverSeconds, ...made } = report
    return out.document({
      message_type: 'migrated',
      ...{ from: from.address, to: to.address, source: plan.source, ...made, bytes },
      ...{ stopped_seconds: stoppedSeconds, cut_over_seconds: cutOverSeconds, findings },
    })
  }
  const made = [
    formatQuantity(report.containers.length, 'container'),
    formatQuantity(report.volumes.length, 'volume'),
    formatQuantity(report.images.length, 'image'),
  ]
  const bytes = formatBytesRoughly(report.bytes)
  out.line(`moved ${whatIsMoved(plan)} to ${to.address}: ${made.join(', ')}; ${bytes} read and sent, all compared`)
  if (plan.stopped.length > 0) out.line(`${from.address} stood still for ${report.stoppedSeconds.toFixed(1)} s`)
  if (report.cutOverSeconds !== undefined) {
    out.line(`${to.address} was well ${report.cutOverSeconds.toFixed(1)} s after that began`)
  }
  for (const line of endLines(plan, report, from.address)) out.line(line)
}

function endLines(
  plan: MigrationPlan,
  { stopped, cutOverSeconds }: Omit<MigrationReport, 'findings'>,
  address: string,
): string[] {
  const names = plan.stopped.join(' ')
  if (plan.source === 'removed') return [`it was removed from ${address}`]
  if (stopped.length > 0) {
    return [`the source stays stopped; start it again with \`docker --host ${address} start ${stopped.join(' ')}\``]
  }
  if (plan.source !== 'runs' || cutOverSeconds === undefined || names === '') return []
  return [
    `both run now: what the source writes from now on stays there; stop it with \`docker --host ${address} stop ${names}\``,
  ]
}

const VIEW: ProgressView<MigrationProgress> = {
  lines: (progress) => [describe(progress)],
  line: describe,
  json: ({ doing, bytes }) => ({ doing, bytes_done: bytes }),
}

function describe({ doing, bytes }: MigrationProgress): string {
  return `${formatBytesRoughly(bytes)}  ${printableText(doing)}`
}
