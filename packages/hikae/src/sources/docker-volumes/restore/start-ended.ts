import { isNotFound } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'

/** Starts those of some containers that do not run: who ended with what was restored was not stopped, and nobody starts it. */
export async function startEnded(engine: DockerEngine, names: readonly string[]): Promise<void> {
  for (const name of names) {
    try {
      const { State: state } = await engine.ask(`look at the container ${name}`, (api) =>
        api.getContainer(name).inspect(),
      )
      if (!state.Running) await engine.ask(`start the container ${name}`, (api) => api.getContainer(name).start())
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
