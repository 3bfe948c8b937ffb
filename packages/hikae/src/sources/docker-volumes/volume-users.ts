import {
  type ContainerMount,
  type ContainerSummary,
  isAlive,
  usersOfVolume,
} from '../../docker/containers/container.ts'
import { isWithin } from '../swap/byte-path.ts'
import type { Volume } from './volume.ts'

/** Who has a volume. */
export interface VolumeUsers {
  readonly volume: Volume
  /** Containers that have it mounted, in whatever state, also by its place on the host. */
  readonly all: readonly ContainerSummary[]
  /** Those that run. */
  readonly running: readonly ContainerSummary[]
  /** Those that run and may write to it. */
  readonly writers: readonly ContainerSummary[]
}

export function usersOf(volumes: readonly Volume[], containers: readonly ContainerSummary[]): VolumeUsers[] {
  return volumes.map((volume) => {
    const named = usersOfVolume(containers, volume.name)
    const bound = containers.filter((container) => mountsOf(container, volume).length > 0)
    const all = [...new Set([...named, ...bound])]
    const running = all.filter(isAlive)
    const writers = running.filter((container) => mountsOf(container, volume).some(({ isWritable }) => isWritable))
    return { volume, all, running, writers }
  })
}

/** Where a container has a volume; a bind mount of a folder in it counts, although the engine does not think so. */
export function mountsOf({ mounts }: ContainerSummary, volume: Volume): ContainerMount[] {
  const { name: own, mountpoint } = volume
  return mounts.filter(({ name, source }) => name === own || (mountpoint !== '' && isWithin(source, mountpoint)))
}
