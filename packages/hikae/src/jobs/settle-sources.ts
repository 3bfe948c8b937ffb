import { errorMessage, isKnownError } from '../errors.ts'
import type { Finding } from '../sources/finding.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import type { JobSource } from './job.ts'
import { settlePrograms } from './together/settle-programs.ts'

/** What a killed run had left done to others for a source: undone, or not. */
export interface SettledSource {
  readonly source: string
  readonly findings: readonly Finding[]
}

export interface SettleOptions {
  readonly contextOf: (source: Pick<JobSource, 'name'>) => ReadContext
  /** Names of all sources that ever kept something from run to run. */
  readonly remembered: readonly string[]
}

/**
 * Undoes what killed runs have left done to others, one source after the other, also for those that the stack has no longer.
 * What goes wrong with one is a finding.
 *
 * @returns those of which there is something to tell
 */
export async function settleSources(
  sources: readonly JobSource[],
  { contextOf, remembered }: SettleOptions,
): Promise<readonly SettledSource[]> {
  const settled: SettledSource[] = []
  const settle = async (name: string, work: (context: ReadContext) => Promise<readonly Finding[]>): Promise<void> => {
    const context = contextOf({ name })
    if (context.signal.aborted) return
    try {
      const findings = await work(context)
      if (findings.length > 0) settled.push({ source: name, findings })
    } catch (error) {
      if (!context.signal.aborted) settled.push({ source: name, findings: [unsettled(error)] })
    }
  }
  for (const { name, kind, config } of sources) {
    if (kind.settle) await settle(name, (context) => kind.settle!(config, context))
  }
  const forgotten = remembered.filter((name) => sources.every((source) => source.name !== name))
  if (forgotten.length === 0) return settled
  const { settleForgotten } = await import('../sources/settle-forgotten.ts')
  for (const name of forgotten) {
    await settle(name, async (context) => [...(await settleForgotten(context)), ...(await settlePrograms(context))])
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
