import { formatEngineAddress } from '../../docker/engine-address.ts'
import { engineAddress, type EngineConfig } from '../../docker/engine-schema.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { StatedJob } from '../../jobs/source-status.ts'
import type { CommandContext } from '../context.ts'
import { knownSources } from '../jobs/labelled/known-sources.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { printFindings } from '../jobs/undo-source.ts'
import { printableText } from '../output/printable.ts'

/** A source that saves volumes, under `/volumes/NAME`, or did so. */
export interface SavingSource {
  readonly name: string
  readonly kind: string
  /** Of volumes, as the configuration has them: names and patterns. */
  readonly names: readonly string[]
}

export interface SourcesOnEngine {
  readonly sources: readonly SavingSource[]
  readonly jobs: readonly StatedJob[]
  /** Whether each source could be looked at; what could not is told. */
  readonly isAllKnown: boolean
}

const KINDS: readonly string[] = ['docker-volumes', 'compose']

/**
 * The sources of a stack that save volumes of an engine, also those that containers bring or have brought. Another engine may have
 * volumes of the same names, and their snapshots say nothing of these. Whether two addresses lead to one engine, the engines tell.
 */
export async function sourcesOnEngine(
  file: StackJobs,
  engine: DockerEngine,
  context: CommandContext,
): Promise<SourcesOnEngine> {
  const { stack, jobs, gone } = await knownSources(file, context)
  printFindings(
    stack.findings.filter(({ severity }) => severity === 'error'),
    context.out,
  )
  const at = { folder: stack.stack.folder, env: context.env, signal: context.signal }
  const candidates = [
    ...stack.sources.map(({ name, kind, config }) => {
      const { engine: configured, names = [] } = config as { engine?: EngineConfig; names?: readonly string[] }
      return { name, kind: kind.name, engine: configured, names }
    }),
    ...gone.map(({ source, kind }) => ({ name: source, kind, engine: stack.discover?.engine, names: [] })),
  ].filter(({ kind }) => KINDS.includes(kind))
  const ids = new Map<string, string>()
  const sources: SavingSource[] = []
  let isAllKnown = stack.discovery !== 'unknown'
  for (const { engine: configured, ...source } of candidates) {
    try {
      const address = formatEngineAddress(engineAddress(configured, at))
      const id = ids.get(address) ?? (await idAt(configured, at))
      ids.set(address, id)
      if (id === (await engine.id())) sources.push(source)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!isKnownError(error)) throw error
      isAllKnown = false
      context.out.warn(`whether ${source.name} is on this engine is not known: ${printableText(errorMessage(error))}`)
    }
  }
  return { sources, jobs, isAllKnown }
}

async function idAt(engine: EngineConfig, at: Parameters<typeof openConfiguredEngine>[1]): Promise<string> {
  await using other = await openConfiguredEngine({ engine }, at)
  return await other.id()
}
