import { withHelperContainer } from '../../docker/archive/helper-container.ts'
import { openArchive } from '../../docker/archive/open-archive.ts'
import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { PLACE as path } from './archive-place.ts'

/**
 * What is at a path of an engine's host.
 *
 * @returns `unknown` when the engine has no image yet, by which it could be asked; `full` also for a file
 * @throws {DockerError}
 */
export async function folderState(
  engine: DockerEngine,
  folder: string,
  signal: AbortSignal,
): Promise<'absent' | 'empty' | 'full' | 'unknown'> {
  const images = await engine.ask('list the images', (api) => api.listImages())
  if (images.length === 0) return 'unknown'
  try {
    await using helper = await withHelperContainer(
      engine,
      { mounts: [{ folder, path, isReadOnly: true, whenAbsent: 'refuse' }] },
      signal,
    )
    await using archive = await openArchive(engine, helper.name, path, signal)
    for await (const _ of archive.root.children(signal)) return 'full'
    return 'empty'
  } catch (error) {
    if (error instanceof DockerError && /bind source path does not exist/.test(error.message)) return 'absent'
    if (error instanceof DockerError && error.message.endsWith('and no folder')) return 'full'
    throw error
  }
}
