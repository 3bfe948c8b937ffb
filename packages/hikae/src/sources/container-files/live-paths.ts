import { posix } from 'node:path'
import {
  type ContainerMount,
  type ContainerSummary,
  isAlive,
  listContainers,
} from '../../docker/containers/container.ts'
import { findLiveData, type LiveData, type SharedData } from '../../docker/containers/live-data.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { isWithin } from '../swap/byte-path.ts'
import type { ContainerFilesConfig } from './config.ts'

/**
 * Which databases write to paths of a container while they are copied: its own, and those of containers that share a volume
 * or a folder of the host with it, which are not held still. SQLite's are found where the files can be read on this host.
 *
 * @throws {DockerError}
 */
export async function findLivePaths(
  engine: DockerEngine,
  container: ContainerSummary,
  paths: readonly string[],
  { quiesce, acceptLive }: Pick<ContainerFilesConfig, 'quiesce' | 'acceptLive'>,
  signal: AbortSignal,
): Promise<LiveData> {
  const others = (await listContainers(engine)).filter(({ id }) => id !== container.id)
  const layer = (await engine.isOnThisHost()) ? await writtenLayer(engine, container) : undefined
  const data = paths.flatMap((path) => placesOf(path, container, layer).map((place) => sharedAt(path, place, others)))
  const isHeld = ({ id }: ContainerSummary): boolean => id === container.id
  const { findings, accepted } = await findLiveData(engine, { data, how: quiesce, isHeld, acceptLive, signal })
  const distinct = new Map(findings.map((finding) => [finding.message, finding]))
  return { findings: [...distinct.values()], accepted: [...new Set(accepted)] }
}

/** Part of a path that is in one place. */
interface Place {
  readonly container: ContainerSummary
  /** In the container. */
  readonly path: string
  /** Where it is mounted from; absent for what is the container's own. */
  readonly mount?: ContainerMount
  /** On the engine's host. */
  readonly onHost?: string
  /** Whether the host's files can be read here. */
  readonly isHere: boolean
}

/** What is at the path itself, and what is mounted below it. */
function placesOf(path: string, container: ContainerSummary, layer: string | undefined): Place[] {
  const isHere = layer !== undefined
  const mounts = container.mounts.filter(({ type }) => type !== 'tmpfs')
  const above = mounts
    .filter(({ destination }) => isWithin(path, destination))
    .toSorted((one, other) => other.destination.length - one.destination.length)[0]
  const below = mounts.filter(({ destination }) => destination !== path && isWithin(destination, path))
  const root = above ? sourcePath(above, path) : layer && layer + path
  return [
    { container, path, isHere, ...(above && { mount: above }), ...(root && { onHost: root }) },
    ...below.map((mount): Place => {
      const onHost = sourcePath(mount, mount.destination)
      return { container, path: mount.destination, mount, isHere, ...(onHost && { onHost }) }
    }),
  ]
}

function sourcePath({ source, destination }: ContainerMount, path: string): string | undefined {
  return source === '' ? undefined : posix.join(source, posix.relative(destination, path))
}

function sharedAt(path: string, place: Place, others: readonly ContainerSummary[]): SharedData {
  const { container, onHost, isHere } = place
  const sharing = others.filter((other) => sharedMounts(place, other).length > 0)
  return {
    name: path,
    description: `${path} of ${container.name}`,
    users: [container, ...sharing],
    mountedAt: (user) =>
      user === container
        ? [{ destination: place.path, isWritable: place.mount?.isWritable ?? true }]
        : sharedMounts(place, user),
    ...(isHere && onHost !== undefined ? { folder: onHost } : {}),
  }
}

/** Where another container has what is at a place. */
function sharedMounts({ mount, onHost }: Place, { mounts }: ContainerSummary): ContainerMount[] {
  if (!mount) return []
  return mounts.filter(({ type, name, source }) => {
    if (type === 'volume' && mount.type === 'volume' && name === mount.name) return true
    return source !== '' && onHost !== undefined && (isWithin(source, onHost) || isWithin(onHost, source))
  })
}

/** Where the files lie that a container has written outside of volumes; empty where the engine does not tell. */
async function writtenLayer(engine: DockerEngine, container: ContainerSummary): Promise<string> {
  if (!isAlive(container)) return ''
  const { GraphDriver } = await engine.ask(`look at the container ${container.name}`, (api) =>
    api.getContainer(container.id).inspect(),
  )
  return (GraphDriver.Data as { readonly UpperDir?: string } | null)?.UpperDir ?? ''
}
