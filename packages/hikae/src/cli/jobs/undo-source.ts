import type { JobSource } from '../../jobs/job.ts'
import type { Finding } from '../../sources/finding.ts'
import { confirm } from '../confirm.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { chooseKept } from './choose-kept.ts'
import { sourceContext } from './source-context.ts'
import type { StackJobs } from './stack-jobs.ts'

export interface KeptOptions {
  readonly at: string | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

/** `hikae restore SOURCE --undo`: puts back what the last restore in place has replaced. */
export async function undoSource(
  source: JobSource,
  stack: StackJobs,
  { at, dryRun, yes }: KeptOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, signal } = context
  const { name } = source
  await using owned = new AsyncDisposableStack()
  const reading = {
    ...sourceContext(source, stack, context, owned),
    log: (line: string) => out.warn(printableText(line)),
  }
  const [copy, ...older] = await chooseKept(source, at, reading)
  const { time } = copy!
  const plan = await copy!.planUndo(reading)
  out.note(`undo the restore of ${name} (${source.kind.name}) of ${formatTime(time.toISOString())}:`)
  for (const [number, step] of plan.steps.entries()) out.note(`  ${number + 1}. ${printableText(step)}`)
  for (const other of older) {
    out.note(`also kept, of ${formatTime(other.time.toISOString())}: ${printableText(other.place)}`)
  }
  if (dryRun) {
    if (out.json) {
      const kept = [copy!, ...older].map((one) => ({ time: one.time.toISOString(), place: one.place }))
      out.document({ message_type: 'undo_plan', source: name, time: time.toISOString(), steps: plan.steps, kept })
    }
    out.note('Nothing was done.')
    return EXIT.succeeded
  }
  if (!yes) await confirm(`Put back what was in the place of ${name} before?`, context)
  const { place, kept, findings } = await plan.apply(signal)
  printFindings(findings, out)
  if (out.json) {
    out.document({ message_type: 'undone', source: name, time: time.toISOString(), place, kept, findings })
  } else {
    out.line(`put back ${name}: ${printableText(place)}`)
    if (kept !== undefined) {
      out.line(`what was there is kept: ${printableText(kept)}`)
      out.line(nextSteps(name))
    }
  }
  return findings.some(({ severity }) => severity === 'error') ? EXIT.incomplete : EXIT.succeeded
}

export function printFindings(findings: readonly Finding[], out: Output): void {
  for (const { message, hint } of findings) {
    out.warn(`${printableText(message)}${hint === undefined ? '' : `\nnext: ${hint}`}`)
  }
}

/** What can be done with what is kept. */
export function nextSteps(source: string): string {
  return `next: look whether all is well, then \`hikae restore ${source} --finish\` frees the room; \`hikae restore ${source} --undo\` puts it back`
}
