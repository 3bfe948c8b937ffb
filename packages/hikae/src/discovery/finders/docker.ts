import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import { projectOf } from '../../docker/compose/project.ts'
import { type ContainerSummary, isAlive, listContainers } from '../../docker/containers/container.ts'
import { databaseIn } from '../../docker/containers/database-in.ts'
import {
  DEFAULT_SOCKET,
  type EngineAddress,
  engineOfEnvironment,
  formatEngineAddress,
} from '../../docker/engine-address.ts'
import { DockerError } from '../../docker/engine-error.ts'
import { type DockerEngine, openEngine } from '../../docker/engine.ts'
import { isOwnVolume } from '../../sources/docker-volumes/restore/volume-labels.ts'
import { EXCLUDE_LABEL } from '../../sources/docker-volumes/select-volumes.ts'
import { isAnonymous, listVolumes } from '../../sources/docker-volumes/volume.ts'
import type { Finder, ProposedSource } from '../finder.ts'
import { type Labelled, labelledOf } from './labelled.ts'

/** An engine that takes longer is not there. */
const PATIENCE_MS = 5000

/**
 * What the Docker Engine of this machine has: sources that containers bring in their labels, Compose projects, volumes and
 * images beside them, and a swarm. What labels bring is proposed no second time.
 */
export const dockerFinder: Finder = {
  name: 'docker',
  async find(_surroundings, _earlier, { env, signal }) {
    const address = engineOfEnvironment(env)
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
      await using engine = await openEngine(address, env, inTime)
      return await sourcesOf(engine, written(address))
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof DockerError || (error instanceof Error && error.name === 'TimeoutError')) return []
      throw error
    }
  },
}

/** What is to stand beside a source, so that it does not depend on who runs the backup; nothing for the usual engine. */
type Where = { readonly engine?: Readonly<Record<string, unknown>> }

function written(address: EngineAddress): Where {
  if (address.kind === 'socket' && address.path === DEFAULT_SOCKET) return {}
  const tls = address.kind === 'tcp' && address.tls ? { tls: address.tls } : {}
  return { engine: { host: formatEngineAddress(address), ...tls } }
}

async function sourcesOf(engine: DockerEngine, where: Where): Promise<ProposedSource[]> {
  const all = await listContainers(engine)
  const labelled = labelledOf(all, where)
  const containers = all.filter(({ labels }) => labels[EXCLUDE_LABEL] !== 'true')
  const projects = Map.groupBy(containers.filter(projectOf), (container) => projectOf(container)!)
  const sources: ProposedSource[] = [...labelled.proposed]
  for (const [name, own] of [...projects].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    if (!labelled.projects.has(name)) sources.push(await projectSource(engine, name, own, { where, labelled }))
  }
  const others = containers.filter((container) => projectOf(container) === undefined)
  sources.push(...(await volumeSources(engine, others, { where, labelled })))
  sources.push(...imageSources(others, { where, labelled }))
  const { Swarm: swarm } = (await engine.ask('ask Docker about its swarm', (api) => api.info())) as {
    Swarm?: { ControlAvailable?: boolean }
  }
  if (swarm?.ControlAvailable === true) {
    sources.push({
      ...{ name: 'swarm', kind: 'swarm', config: where },
      description: 'services, configs, networks and stacks of the swarm; of secrets only the names',
    })
  }
  return sources
}

interface Beside {
  readonly where: Where
  readonly labelled: Labelled
}

async function projectSource(
  engine: DockerEngine,
  project: string,
  containers: readonly ContainerSummary[],
  { where, labelled }: Beside,
): Promise<ProposedSource> {
  const services = new Set(containers.map(({ labels, name }) => labels[COMPOSE_LABELS.service] ?? name))
  const all = [...new Set(containers.flatMap(({ mounts }) => mounts.flatMap(({ name }) => name ?? [])))]
  const volumes = new Set(all.filter((name) => !labelled.volumes.has(name)))
  const excludeVolumes = all.filter((name) => labelled.volumes.has(name)).toSorted()
  const uses = ({ mounts }: ContainerSummary): boolean =>
    mounts.some(({ name }) => name !== undefined && volumes.has(name))
  const databases = await databasesIn(engine, excludeVolumes.length === 0 ? containers : containers.filter(uses))
  const stops = databases.length > 0 ? `; stopped while its volumes are read, because of ${databases.join(', ')}` : ''
  return {
    name: project,
    kind: 'compose',
    config: {
      ...{ project, ...where },
      ...(excludeVolumes.length > 0 ? { excludeVolumes } : {}),
      ...(databases.length > 0 ? { quiesce: 'stop' } : {}),
    },
    description: `the Compose project ${project}: ${counted(services.size, 'service')}, ${counted(volumes.size, 'volume')}, files and images${stops}`,
  }
}

async function volumeSources(
  engine: DockerEngine,
  containers: readonly ContainerSummary[],
  { where, labelled }: Beside,
): Promise<ProposedSource[]> {
  const volumes = (await listVolumes(engine)).filter(
    (volume) =>
      !isAnonymous(volume.name) &&
      !labelled.volumes.has(volume.name) &&
      volume.labels[COMPOSE_LABELS.project] === undefined &&
      volume.labels[EXCLUDE_LABEL] !== 'true' &&
      !isOwnVolume(volume),
  )
  if (volumes.length === 0) return []
  const names = volumes.map(({ name }) => name).toSorted()
  const users = containers.filter(({ mounts }) => mounts.some(({ name }) => name !== undefined && names.includes(name)))
  const databases = await databasesIn(engine, users)
  const stops = databases.length > 0 ? `; stopped while they are read: ${databases.join(', ')}` : ''
  return [
    {
      ...{ name: 'volumes', kind: 'docker-volumes' },
      config: { names, ...where, ...(databases.length > 0 ? { quiesce: 'stop' } : {}) },
      description: `${counted(names.length, 'Docker volume')} of no Compose project${stops}`,
    },
  ]
}

/** Those that nothing could be pulled for are in no registry: better all than the wrong ones. */
function imageSources(containers: readonly ContainerSummary[], { where, labelled }: Beside): ProposedSource[] {
  const used = new Set(containers.map(({ image }) => image))
  const references = [...used].filter((image) => !labelled.images.has(image)).toSorted()
  if (references.length === 0) return []
  return [
    {
      ...{ name: 'images', kind: 'docker-images', config: { references, ...where } },
      description: `${counted(references.length, 'image')} of containers that belong to no Compose project`,
    },
  ]
}

async function databasesIn(engine: DockerEngine, containers: readonly ContainerSummary[]): Promise<string[]> {
  const found: string[] = []
  for (const container of containers.filter(isAlive)) {
    const product = await databaseIn(engine, container)
    if (product !== undefined) found.push(`${container.name} (${product})`)
  }
  return found
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
