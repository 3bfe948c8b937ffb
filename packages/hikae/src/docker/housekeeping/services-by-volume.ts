import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'

/** Of an engine that is no manager of a swarm. */
const NO_MANAGER = 503

/**
 * Names of the services of a swarm by the volumes that they name: a task of theirs may come to this node at any time.
 *
 * @returns none when this engine manages no swarm @throws {DockerError}
 */
export async function servicesByVolume(engine: Pick<DockerEngine, 'ask'>): Promise<ReadonlyMap<string, string[]>> {
  const services = new Map<string, string[]>()
  try {
    for (const { Spec } of await engine.ask('list the services', (api) => api.listServices())) {
      const { ContainerSpec } = (Spec?.TaskTemplate ?? {}) as { ContainerSpec?: { Mounts?: readonly MountOfService[] } }
      for (const { Type, Source } of ContainerSpec?.Mounts ?? []) {
        if (Type !== 'volume' || Source === undefined) continue
        services.set(Source, [...(services.get(Source) ?? []), Spec?.Name ?? ''])
      }
    }
  } catch (error) {
    if (!(error instanceof DockerError) || error.status !== NO_MANAGER) throw error
  }
  return services
}

interface MountOfService {
  readonly Type?: string
  readonly Source?: string
}
