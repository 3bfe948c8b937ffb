import { type ContainerMount, type ContainerSummary, listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { mountsOf } from '../docker-volumes/volume-users.ts'
import { listVolumes, type Volume } from '../docker-volumes/volume.ts'
import { isWithin } from '../swap/byte-path.ts'
import type { ProjectParts } from './project-parts.ts'

/** Containers of whichever project and state that have a saved path or volume mounted so that they can write to it. */
export async function writersOf(
  engine: DockerEngine,
  { paths, volumes }: ProjectParts,
): Promise<readonly ContainerSummary[]> {
  const saved = (await listVolumes(engine)).filter(({ name }) => volumes.includes(name))
  return (await listContainers(engine)).filter(
    (container) =>
      paths.some((path) => mayWrite(bindsOf(container, path))) || saved.some((volume) => writes(container, volume)),
  )
}

/** Where a container has a path of the host, something in it, or a folder that it is in. */
export function bindsOf({ mounts }: ContainerSummary, path: string): ContainerMount[] {
  return mounts.filter(({ type, source }) => type === 'bind' && (isWithin(source, path) || isWithin(path, source)))
}

function writes(container: ContainerSummary, volume: Volume): boolean {
  return mayWrite(mountsOf(container, volume))
}

function mayWrite(mounts: readonly ContainerMount[]): boolean {
  return mounts.some(({ isWritable }) => isWritable)
}
