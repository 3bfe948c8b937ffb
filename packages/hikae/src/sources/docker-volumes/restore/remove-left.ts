import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage } from '../../../errors.ts'
import { removeVolume } from '../volume.ts'

/**
 * Removes a volume that a failed restore has made, also after a stop. When that cannot be done, the log says so: why the restore
 * failed is worth more.
 */
export async function removeLeft(
  engine: DockerEngine,
  name: string,
  { log }: { readonly log: (message: string) => void },
): Promise<void> {
  try {
    await removeVolume(engine.outlastingStops(), name)
  } catch (error) {
    log(`the volume ${name}, which this restore has made, is left: ${errorMessage(error)}`)
  }
}
