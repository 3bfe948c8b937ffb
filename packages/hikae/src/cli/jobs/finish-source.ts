import type { JobSource } from '../../jobs/job.ts'
import type { KeptCopy } from '../../sources/source-kind.ts'
import { confirm } from '../confirm.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { formatBytes, formatQuantity, formatTime } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { chooseKept } from './choose-kept.ts'
import { sourceContext } from './source-context.ts'
import type { StackJobs } from './stack-jobs.ts'
import type { KeptOptions } from './undo-source.ts'

/** `hikae restore SOURCE --finish`: removes what restores in place have kept. */
export async function finishSource(
  source: JobSource,
  stack: StackJobs,
  { at, dryRun, yes }: KeptOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { out } = context
  const { name } = source
  await using owned = new AsyncDisposableStack()
  const reading = {
    ...sourceContext(source, stack, context, owned),
    log: (line: string) => out.warn(printableText(line)),
  }
  const copies = await chooseKept(source, at, reading)
  const sizes: (number | undefined)[] = []
  for (const copy of copies) sizes.push(await copy.size?.(context.signal))
  out.note(`remove what was in the place of ${name} before:`)
  for (const [number, copy] of copies.entries()) {
    const size = sizes[number] === undefined ? '' : ` (${formatBytes(sizes[number])})`
    const time = formatTime(copy.time.toISOString())
    out.note(`  ${number + 1}. what the restore of ${time} has replaced: ${printableText(copy.place)}${size}`)
  }
  const bytes = sizes.reduce<number>((sum, size = 0) => sum + size, 0)
  if (dryRun) {
    if (out.json) out.document({ message_type: 'finish_plan', source: name, kept: keptJson(copies, sizes), bytes })
    out.note(`Nothing was done. It would free ${formatBytes(bytes)}.`)
    return EXIT.succeeded
  }
  if (!yes)
    await confirm(`Remove it for good? It frees ${formatBytes(bytes)}, and nothing can be undone then.`, context)
  for (const copy of copies) await copy.remove(reading)
  if (out.json) out.document({ message_type: 'finished', source: name, removed: keptJson(copies, sizes), bytes })
  else
    out.line(`removed ${formatQuantity(copies.length, 'kept copy', 'kept copies')} of ${name}, ${formatBytes(bytes)}`)
  return EXIT.succeeded
}

function keptJson(copies: readonly KeptCopy[], sizes: readonly (number | undefined)[]): object[] {
  return copies.map(({ time, place }, at) => ({ time: time.toISOString(), place, bytes: sizes[at] ?? null }))
}
