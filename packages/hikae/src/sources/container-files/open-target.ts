import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { releaseHeld } from '../../docker/quiesce/release-held.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { ContainerFilesConfig } from './config.ts'
import { interruptedRestores } from './restore/begun.ts'

/** Lets go on what a killed run has left held, and tells of restores that were killed. */
export async function settleContainerFiles(
  config: ContainerFilesConfig,
  context: ReadContext,
): Promise<readonly Finding[]> {
  return [
    ...(await releaseHeld(context, () => openConfiguredEngine(config, context))),
    ...(await interruptedRestores(context)),
  ]
}
