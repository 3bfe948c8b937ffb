import { DockerError } from '../../docker/engine-error.ts'
import { asWarnings, type Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { ContainerFilesConfig } from './config.ts'
import { findContainerPaths } from './find-paths.ts'
import { findChosenContainer } from '../../docker/containers/find-chosen-container.ts'
import { findLivePaths } from './live-paths.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'

/** Whether the engine answers, the container is there, and each path is in it: one that is not leaves the others to be saved, and a live database too. */
export async function examineContainerFiles(
  config: ContainerFilesConfig,
  context: SourceContext,
): Promise<readonly Finding[]> {
  try {
    await using engine = await openConfiguredEngine(config, context)
    const container = await findChosenContainer(engine, config)
    const { paths, findings } = await findContainerPaths(engine, container, config.paths, context.signal)
    if (paths.length === 0) return findings
    const live = await findLivePaths(engine, container, paths, config, context.signal)
    return asWarnings([...findings, ...live.findings])
  } catch (error) {
    context.signal.throwIfAborted()
    if (!(error instanceof DockerError)) throw error
    return [{ severity: 'error', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }]
  }
}
