import { engineAddress } from '../../docker/engine-schema.ts'
import { type DockerEngine, openEngine } from '../../docker/engine.ts'
import { releaseHeld } from '../../docker/quiesce/release-held.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext, SourceContext } from '../source-kind.ts'
import type { ContainerFilesConfig } from './config.ts'
import { interruptedRestores } from './restore/begun.ts'

/** @throws {DockerError} it does not answer */
export async function openTargetEngine(
  { engine }: Pick<ContainerFilesConfig, 'engine'>,
  context: SourceContext,
): Promise<DockerEngine> {
  return await openEngine(engineAddress(engine, context), context.env, context.signal)
}

/** Lets go on what a killed run has left held, and tells of restores that were killed. */
export async function settleContainerFiles(
  config: ContainerFilesConfig,
  context: ReadContext,
): Promise<readonly Finding[]> {
  return [
    ...(await releaseHeld(context, () => openTargetEngine(config, context))),
    ...(await interruptedRestores(context)),
  ]
}
