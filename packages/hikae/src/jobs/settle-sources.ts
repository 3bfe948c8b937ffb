import { errorMessage, isKnownError } from '../errors.ts'
import type { Finding } from '../sources/finding.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import type { JobSource } from './job.ts'

/** What a killed run had left done to others for a source: undone, or not. */
export interface SettledSource {
  readonly source: string
  readonly findings: readonly Finding[]
}

/**
 * Undoes what killed runs have left done to others, one source after the other. What goes wrong with one is a finding.
 *
 * @returns those of which there is something to tell
 */
export async function settleSources(
  sources: readonly JobSource[],
  contextOf: (source: JobSource) => ReadContext,
): Promise<readonly SettledSource[]> {
  const settled: SettledSource[] = []
  for (const source of sources) {
    if (!source.kind.settle) continue
    const context = contextOf(source)
    if (context.signal.aborted) break
    try {
      const findings = await source.kind.settle(source.config, context)
      if (findings.length > 0) settled.push({ source: source.name, findings })
    } catch (error) {
      if (!context.signal.aborted) settled.push({ source: source.name, findings: [unsettled(error)] })
    }
  }
  return settled
}

function unsettled(error: unknown): Finding {
  const hint = isKnownError(error) ? error.hint : undefined
  return {
    severity: 'error',
    message: `what a killed run may have left cannot be put in order: ${errorMessage(error)}`,
    ...(hint === undefined ? {} : { hint }),
  }
}
