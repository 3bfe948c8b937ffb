import { engineAddress } from '../../docker/engine-schema.ts'
import { type DockerEngine, openEngine } from '../../docker/engine.ts'
import type { SourceContext } from '../source-kind.ts'
import type { DockerVolumesConfig } from './config.ts'

/** @throws {DockerError} it does not answer */
export async function openVolumesEngine(
  { engine }: Pick<DockerVolumesConfig, 'engine'>,
  context: SourceContext,
): Promise<DockerEngine> {
  return await openEngine(engineAddress(engine, context), context.env, context.signal)
}
