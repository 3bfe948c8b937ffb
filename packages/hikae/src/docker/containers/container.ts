import type Docker from 'dockerode'
import { nearest } from '../../nearest.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'

/** A container as the engine lists it. */
export interface ContainerSummary {
  readonly id: string
  /** Without the slash before it. */
  readonly name: string
  /** As the container names it: `postgres:16`, or an id when the name has gone to another image. */
  readonly image: string
  readonly imageId: string
  /** The program and its arguments, on one line. */
  readonly command: string
  readonly state: 'running' | 'paused' | 'restarting' | 'exited' | 'created' | 'dead' | 'removing'
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly ContainerMount[]
  /** Ports that it exposes or publishes, by their numbers inside. */
  readonly ports: readonly number[]
}

export interface ContainerMount {
  /** `volume`, `bind`, `tmpfs`, … */
  readonly type: string
  /** Of the volume. */
  readonly name?: string
  /** On the engine's host. */
  readonly source: string
  /** In the container. */
  readonly destination: string
  readonly isWritable: boolean
}

/** All containers, whatever their state. @throws {DockerError} */
export async function listContainers(engine: Pick<DockerEngine, 'ask'>): Promise<readonly ContainerSummary[]> {
  const listed = await engine.ask('list the containers', (api) => api.listContainers({ all: true }))
  return listed.map(summaryOf)
}

/** Those that have the volume mounted, whatever their state. */
export function usersOfVolume(containers: readonly ContainerSummary[], volume: string): readonly ContainerSummary[] {
  return containers.filter(({ mounts }) => mounts.some(({ type, name }) => type === 'volume' && name === volume))
}

/** Whether it has processes that may write: a created or ended one needs no quiescing. */
export function isAlive({ state }: ContainerSummary): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting'
}

/**
 * @param nameOrId a name, a whole id, or the beginning of exactly one id
 * @throws {DockerError} there is none, or more than one
 */
export async function findContainer(engine: DockerEngine, nameOrId: string): Promise<ContainerSummary> {
  const containers = await listContainers(engine)
  const wanted = nameOrId.replace(/^\//, '')
  const named = containers.find(({ name, id }) => name === wanted || id === wanted)
  if (named) return named
  const beginning = /^[0-9a-f]+$/.test(wanted) ? containers.filter(({ id }) => id.startsWith(wanted)) : []
  if (beginning.length === 1) return beginning[0]!
  if (beginning.length > 1) {
    throw new DockerError(`${beginning.length} containers have ids that begin with ${wanted}`, {
      hint: `write more of it, or a name: ${beginning.map(({ name }) => name).join(', ')}`,
    })
  }
  throw notThere(
    wanted,
    containers.map(({ name }) => name),
    engine.address,
  )
}

/** The first name is its own; others are those by which linked containers know it. */
function summaryOf(info: Docker.ContainerInfo): ContainerSummary {
  const own = info.Names.find((name) => !name.slice(1).includes('/')) ?? info.Names[0] ?? info.Id.slice(0, 12)
  return {
    id: info.Id,
    name: own.replace(/^\//, ''),
    image: info.Image,
    imageId: info.ImageID,
    command: info.Command,
    state: info.State as ContainerSummary['state'],
    labels: info.Labels,
    mounts: info.Mounts.map(({ Type, Name, Source, Destination, RW }) => ({
      type: Type,
      ...(Name === undefined || Name === '' ? {} : { name: Name }),
      source: Source,
      destination: Destination,
      isWritable: RW,
    })),
    ports: [...new Set(info.Ports.map(({ PrivatePort }) => PrivatePort))],
  }
}

const MOST_NAMED = 8

function notThere(wanted: string, names: readonly string[], address: string): DockerError {
  const near = nearest(wanted, names)
  const alike = names.filter((name) => name.includes(wanted) || wanted.includes(name))
  const choice = [...new Set([...(near === undefined ? [] : [near]), ...alike, ...names.toSorted()])]
  const hint =
    near === undefined && choice.length === 0
      ? 'this engine has no containers at all: look whether it is the right one'
      : `write one of these: ${choice.slice(0, MOST_NAMED).join(', ')}${choice.length > MOST_NAMED ? ', …' : ''}`
  return new DockerError(`there is no container ${wanted} at ${address}`, { hint, status: 404 })
}
