import { engineAddress, type EngineConfig } from '../../docker/engine-schema.ts'
import { formatEngineAddress } from '../../docker/engine-address.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { JobSource } from '../../jobs/job.ts'
import type { CommandContext } from '../context.ts'
import { printableText } from '../output/printable.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'

/** Kinds that save volumes, under `/volumes/NAME`. */
const KINDS: readonly string[] = ['docker-volumes', 'compose']

/**
 * The sources of a stack that save volumes of an engine. Another engine may have volumes of the same names: their snapshots say
 * nothing of these. Whether two addresses lead to one engine, the engines tell.
 *
 * @returns also the names of those whose engine cannot be asked, which is told
 */
export async function sourcesOnEngine(
  { sources, stack }: StackJobs,
  engine: DockerEngine,
  context: CommandContext,
): Promise<{ readonly sources: readonly JobSource[]; readonly unknown: readonly string[] }> {
  const saving = sources.filter(({ kind }) => KINDS.includes(kind.name))
  if (saving.length === 0) return { sources: [], unknown: [] }
  const own = await idOf(engine)
  const ids = new Map([[engine.address, own]])
  const found: JobSource[] = []
  const unknown: string[] = []
  for (const source of saving) {
    const { engine: configured } = source.config as { readonly engine?: EngineConfig }
    const at = { folder: stack.folder, env: context.env, signal: context.signal }
    try {
      const address = formatEngineAddress(engineAddress(configured, at))
      const id = ids.get(address) ?? (await idAt(configured, at))
      ids.set(address, id)
      if (id === own) found.push(source)
    } catch (error) {
      context.signal.throwIfAborted()
      if (!isKnownError(error)) throw error
      unknown.push(source.name)
      context.out.warn(`whether ${source.name} is on this engine is not known: ${printableText(errorMessage(error))}`)
    }
  }
  return { sources: found, unknown }
}

async function idAt(
  engine: EngineConfig,
  at: Pick<CommandContext, 'env' | 'signal'> & { readonly folder: string },
): Promise<string> {
  await using other = await openConfiguredEngine({ engine }, at)
  return await idOf(other)
}

async function idOf(engine: DockerEngine): Promise<string> {
  const { ID } = (await engine.ask('ask Docker which engine it is', (api) => api.info())) as { ID: string }
  return ID
}
