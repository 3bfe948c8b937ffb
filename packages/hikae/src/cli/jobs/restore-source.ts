import { UsageError } from '../../errors.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { CommandContext } from '../context.ts'
import { confirm } from '../confirm.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { formatTime } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { parsePointInTime } from '../values/time.ts'
import { findPoint, type PointChoice } from './find-point.ts'
import { sourceContext } from './source-context.ts'
import type { StackJobs } from './stack-jobs.ts'
import { nextSteps, printFindings } from './undo-source.ts'

export interface RestoreSourceOptions {
  readonly at: string | undefined
  readonly to: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

/** Brings a source of the stack file back: tells the plan, asks, carries it out. */
export async function restoreSource(
  source: JobSource,
  stack: StackJobs,
  { at, to, dryRun, yes }: RestoreSourceOptions,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, signal } = context
  await using owned = new AsyncDisposableStack()
  const choice = { stack: stack.name, source: source.name, kind: source.kind.name, ...moment(at) }
  const { point, snapshot, repository } = await findPoint(choice, globals, context, owned)
  const reading = sourceContext(source, stack, context, owned)
  const plan = await source.kind.planRestore(source.config, point, to === undefined ? {} : { to }, reading)
  const from = `snapshot ${shortId(snapshot.id)} of ${formatTime(snapshot.time)} from ${repository}`
  out.note(`restore the source ${source.name} (${source.kind.name}) from ${from}:`)
  for (const [number, step] of plan.steps.entries()) out.note(`  ${number + 1}. ${printableText(step)}`)
  if (dryRun) {
    if (out.json) out.document({ message_type: 'plan', source: source.name, snapshot: snapshot.id, steps: plan.steps })
    out.note('Nothing was done.')
    return EXIT.succeeded
  }
  if (!yes && to === undefined) await confirm(`Restore ${source.name} in its place?`, context)
  const { place, kept, findings } = await plan.apply(signal)
  printFindings(findings, out)
  if (out.json) {
    out.document({ message_type: 'restored', source: source.name, snapshot: snapshot.id, place, kept, findings })
  } else {
    out.line(`restored ${source.name} to ${printableText(place)}`)
    if (kept !== undefined) out.line(`what was there is kept: ${printableText(kept)}`)
    if (kept !== undefined && to === undefined && source.kind.kept) out.line(nextSteps(source.name))
  }
  return findings.some(({ severity }) => severity === 'error') ? EXIT.incomplete : EXIT.succeeded
}

/** `--at`: a date or time, or an id of a snapshot or run. */
function moment(at: string | undefined): Pick<PointChoice, 'at'> {
  if (at === undefined || at === 'latest') return {}
  if (/^[0-9a-f]{4,64}$/.test(at) || /^\d{8}T\d{6}Z-/.test(at)) return { at: { id: at } }
  try {
    return { at: { timeNs: parsePointInTime(at) } }
  } catch (error) {
    throw new UsageError(`'${at}' is neither a time nor the id of a snapshot or run`, {
      hint: "write for instance '2026-11-20 03:00:00', or an id from `hikae snapshots` or `hikae history`",
      cause: error,
    })
  }
}
