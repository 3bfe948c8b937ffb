import type { DockerEngine } from '../../docker/engine.ts'
import { releaseHeld } from '../../docker/quiesce/release-held.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { DockerVolumesConfig } from './config.ts'
import { openVolumesEngine } from './open-volumes-engine.ts'
import { settleVolumes } from './restore/settle-volumes.ts'

/** What killed runs and restores have left: volumes half replaced first, since the containers that stand still use them. */
export async function settleSource(config: DockerVolumesConfig, context: ReadContext): Promise<readonly Finding[]> {
  await using engine = await openVolumesEngine(config, context)
  return await settleAll(engine, config, context)
}

/** The same with an engine that is open. */
export async function settleAll(
  engine: DockerEngine,
  config: DockerVolumesConfig,
  context: ReadContext,
): Promise<readonly Finding[]> {
  return [
    ...(await settleVolumes(engine, context)),
    ...(await releaseHeld(context, () => openVolumesEngine(config, context))),
  ]
}
