import { errorMessage } from '../../errors.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { KeptCopy } from '../../sources/source-kind.ts'
import type { CommandContext } from '../context.ts'
import { printableText } from '../output/printable.ts'
import { sourceContext } from './source-context.ts'
import type { StackJobs } from './stack-jobs.ts'

/** What a restore of a source has kept. */
export interface KeptOfSource {
  readonly source: string
  readonly copy: KeptCopy
}

/** By then one knows whether the restore was right. */
const LONG_MS = 7 * 24 * 60 * 60 * 1000

/** What is kept of all sources. One that cannot be looked at is left out, and says so with `-v`. */
export async function keptOfStack(stack: StackJobs, context: CommandContext): Promise<KeptOfSource[]> {
  const found: KeptOfSource[] = []
  for (const source of stack.sources) {
    const copies = await keptOfSource(source, stack, context)
    found.push(...copies.map((copy) => ({ source: source.name, copy })))
  }
  return found
}

/** What is kept of one source; none when that cannot be seen. What was interrupted and is finished by looking is told. */
export async function keptOfSource(
  source: JobSource,
  stack: StackJobs,
  context: CommandContext,
): Promise<readonly KeptCopy[]> {
  const { out, signal } = context
  await using owned = new AsyncDisposableStack()
  const reading = {
    ...sourceContext(source, stack, context, owned),
    log: (line: string) => out.warn(printableText(line)),
  }
  try {
    return (await source.kind.kept?.(source.config, reading)) ?? []
  } catch (error) {
    signal.throwIfAborted()
    out.detail(`what is kept of ${source.name} cannot be seen: ${printableText(errorMessage(error))}`)
    return []
  }
}

/** Whether it should be looked at and removed by now. */
export function isKeptLong({ time }: KeptCopy, nowMs: number): boolean {
  return nowMs - time.getTime() > LONG_MS
}
