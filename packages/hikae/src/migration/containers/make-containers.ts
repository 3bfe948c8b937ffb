import type { DockerEngine } from '../../docker/engine.ts'
import type { MovedProject } from '../subject.ts'
import { containerSettings, type Surroundings } from './container-settings.ts'

/** Makes a project's containers, without starting them. @throws {DockerError} the engine refuses one */
export async function makeContainers(
  to: DockerEngine,
  { containers }: MovedProject,
  around: Surroundings,
  signal: AbortSignal,
): Promise<void> {
  // Of whoever makes one, nobody else would remove it: once begun, this has to be waited for.
  const engine = to.outlastingStops()
  for (const { info } of containers) {
    signal.throwIfAborted()
    const { name, options, furtherNetworks } = containerSettings(info, around)
    const made = await engine.ask(`make the container ${name}`, (api) => api.createContainer(options))
    for (const [network, EndpointConfig] of furtherNetworks) {
      await engine.ask(`let ${name} into the network ${network}`, (api) =>
        api.getNetwork(network).connect({ Container: made.id, EndpointConfig }),
      )
    }
  }
}
