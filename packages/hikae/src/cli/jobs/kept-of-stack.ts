import { errorMessage } from '../../errors.ts'
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
    await using owned = new AsyncDisposableStack()
    try {
      const copies = await source.kind.kept?.(source.config, sourceContext(source, stack, context, owned))
      found.push(...(copies ?? []).map((copy) => ({ source: source.name, copy })))
    } catch (error) {
      context.signal.throwIfAborted()
      context.out.detail(`what is kept of ${source.name} cannot be seen: ${printableText(errorMessage(error))}`)
    }
  }
  return found
}

/** Whether it should be looked at and removed by now. */
export function isKeptLong({ copy }: KeptOfSource, nowMs: number): boolean {
  return nowMs - copy.time.getTime() > LONG_MS
}
