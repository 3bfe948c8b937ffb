import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { releaseHeld } from '../../docker/quiesce/release-held.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { DockerVolumesConfig } from './config.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { settleVolumes } from './restore/settle-volumes.ts'

/**
 * What killed runs and restores have left: volumes half replaced first, since the containers that stand still use them. While
 * the engine does not answer, only containers that are known to stand still are worth a word: others' runs go on without it.
 */
export async function settleSource(config: DockerVolumesConfig, context: ReadContext): Promise<readonly Finding[]> {
  await using engine = await engineIfThere(config, context)
  return engine ? await settleAll(engine, context) : await releaseHeld(context)
}

/** The same with an engine that is open. */
export async function settleAll(engine: DockerEngine, context: ReadContext): Promise<readonly Finding[]> {
  return [...(await settleVolumes(engine, context)), ...(await releaseHeld(context))]
}

async function engineIfThere(config: DockerVolumesConfig, context: ReadContext): Promise<DockerEngine | undefined> {
  try {
    return await openConfiguredEngine(config, context)
  } catch (error) {
    if (!(error instanceof DockerError)) throw error
    context.log(`what restores of volumes may have left is looked for later: ${error.message}`)
    return undefined
  }
}
