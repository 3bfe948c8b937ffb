import { resolve } from 'node:path'
import type { ReadContext, RestoreOptions, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { DockerImagesConfig } from '../config.ts'
import { factsOf } from '../image-facts.ts'
import { parsePrefix } from './prefix.ts'
import { planEngineRestore } from './restore-to-engine.ts'
import { planArchiveFile } from './restore-to-file.ts'

/** Into the engine with the names that images had; with `to` under other names, or into a file `….tar`. */
export async function planImagesRestore(
  config: DockerImagesConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  context: ReadContext,
): Promise<RestorePlan> {
  const facts = await factsOf(point)
  if (to?.endsWith('.tar')) return await planArchiveFile(resolve(context.folder, to), point, facts)
  const prefix = to === undefined ? undefined : parsePrefix(to)
  return await planEngineRestore({ config, point, facts, prefix, context })
}
