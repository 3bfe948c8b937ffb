import { type HelperContainer, type HelperMount, withHelperContainer } from '../../docker/archive/helper-container.ts'
import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'

export interface HelperWork {
  readonly signal: AbortSignal
  readonly log?: (message: string) => void
}

/**
 * A container that is never started, with a volume or a folder at a path. When it cannot be removed at the end, since the engine is gone, the
 * next start removes it: what made the engine go is worth more words than that.
 *
 * @throws {DockerError}
 */
export async function helperWith(
  engine: DockerEngine,
  mount: HelperMount,
  { signal, log }: HelperWork,
): Promise<HelperContainer> {
  const helper = await withHelperContainer(engine, { mounts: [mount] }, signal)
  return {
    name: helper.name,
    async [Symbol.asyncDispose]() {
      try {
        await helper[Symbol.asyncDispose]()
      } catch (error) {
        if (!(error instanceof DockerError)) throw error
        log?.(`${error.message}; the next start removes it`)
      }
    },
  }
}
