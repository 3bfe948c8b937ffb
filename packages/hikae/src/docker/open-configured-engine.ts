import type { SourceContext } from '../sources/source-kind.ts'
import { engineAddress, type EngineConfig } from './engine-schema.ts'
import { type DockerEngine, openEngine } from './engine.ts'

/** The engine that a source is on. @throws {DockerError} it does not answer */
export async function openConfiguredEngine(
  { engine }: { readonly engine?: EngineConfig },
  { folder, env, signal }: Pick<SourceContext, 'folder' | 'env' | 'signal'>,
): Promise<DockerEngine> {
  return await openEngine(engineAddress(engine, { folder, env }), env, signal)
}
