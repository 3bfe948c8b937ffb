import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import { listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { servicesByVolume } from '../../docker/housekeeping/services-by-volume.ts'
import { usersOf } from '../../sources/docker-volumes/volume-users.ts'
import { listVolumes, type Volume } from '../../sources/docker-volumes/volume.ts'

/** A volume, and what it belongs to. */
export interface VolumeUse {
  readonly volume: Volume
  /** Names of containers that have it, in whatever state; it is dangling when there are none. */
  readonly users: readonly string[]
  /** Names of services of a swarm that name it. */
  readonly services: readonly string[]
  /** The Compose project, or the stack of a swarm, that made it. */
  readonly project?: string
  /** A container of that project is there, in whatever state. */
  readonly isProjectThere: boolean
}

const STACK_LABEL = 'com.docker.stack.namespace'

/** All volumes of an engine, by name. @throws {DockerError} */
export async function volumeUses(engine: DockerEngine): Promise<readonly VolumeUse[]> {
  const volumes = await listVolumes(engine)
  const containers = await listContainers(engine)
  const services = await servicesByVolume(engine)
  const projects = new Set(containers.map(({ labels }) => projectOf(labels)))
  return usersOf(volumes, containers)
    .map(({ volume, all }): VolumeUse => {
      const project = projectOf(volume.labels)
      return {
        volume,
        users: all.map(({ name }) => name).toSorted(),
        services: services.get(volume.name) ?? [],
        ...(project === undefined ? {} : { project }),
        isProjectThere: project !== undefined && projects.has(project),
      }
    })
    .toSorted((one, other) => (one.volume.name < other.volume.name ? -1 : 1))
}

function projectOf(labels: Readonly<Record<string, string>>): string | undefined {
  return labels[COMPOSE_LABELS.project] ?? labels[STACK_LABEL]
}
