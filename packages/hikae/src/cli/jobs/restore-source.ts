import { resolve } from 'node:path'
import { UsageError } from '../../errors.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { RestoreOptions } from '../../sources/source-kind.ts'
import type { CommandContext } from '../context.ts'
import { confirm } from '../confirm.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { formatTime } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { findPoint } from './find-point.ts'
import { pointAt } from './point-at.ts'
import { sourceContext } from './source-context.ts'
import type { StackJobs } from './stack-jobs.ts'
import { nextSteps, printFindings } from './undo-source.ts'

export interface RestoreSourceOptions {
  readonly at: string | undefined
  readonly to: string | undefined
  /** Parts of the source; all of it when there is none. */
  readonly only: readonly string[]
  readonly script: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

/** Brings a source of the stack file back: tells the plan, asks, carries it out. */
export async function restoreSource(
  source: JobSource,
  stack: StackJobs,
  options: RestoreSourceOptions,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, signal } = context
  const { at, to, dryRun, yes } = options
  const told = toldOptions(source, options)
  await using owned = new AsyncDisposableStack()
  const choice = { stack: stack.name, source: source.name, kind: source.kind.name, ...pointAt(at) }
  const { point, snapshot, repository } = await findPoint(choice, globals, context, owned)
  const reading = sourceContext(source, stack, context, owned)
  const plan = await source.kind.planRestore(source.config, point, told, reading)
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

/** @throws {UsageError} an option that the kind knows nothing of */
function toldOptions({ name, kind }: JobSource, { to, only, script }: RestoreSourceOptions): RestoreOptions {
  const told = {
    ...(only.length === 0 ? {} : { only }),
    ...(script === undefined ? {} : { script: resolve(script) }),
  }
  for (const option of Object.keys(told) as (keyof typeof told)[]) {
    if (kind.restoreOptions?.includes(option)) continue
    throw new UsageError(`--${option} means nothing for the source ${name}, which is ${kind.name}`, {
      hint: 'restore all of it, elsewhere with --to if you like, and take what you need',
    })
  }
  return { ...(to === undefined ? {} : { to }), ...told }
}
