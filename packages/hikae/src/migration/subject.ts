import type Docker from 'dockerode'
import { COMPOSE_LABELS } from '../docker/compose/labels.ts'
import { projectOf } from '../docker/compose/project.ts'
import { type ContainerSummary, listContainers } from '../docker/containers/container.ts'
import type { DockerEngine } from '../docker/engine.ts'
import { inStopOrder } from '../docker/quiesce/stop-order.ts'
import { InputError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { writersOf } from '../sources/compose/project-writers.ts'
import { usersOf } from '../sources/docker-volumes/volume-users.ts'
import { listVolumes, type Volume } from '../sources/docker-volumes/volume.ts'
import type { MigrationRequest } from './migration.ts'
import { folderState } from './places/folder-state.ts'

/** What is moved, as it is on the source. */
export interface Subject {
  /** Absent when only volumes are moved. */
  readonly project?: MovedProject
  readonly volumes: readonly Volume[]
  /** Whoever may write to what is moved, in whatever state. */
  readonly writers: readonly ContainerSummary[]
}

export interface MovedProject {
  readonly name: string
  /** Where its files are. */
  readonly folder: string
  /** Whether that is on the engine's host: Compose may have been run in a container, or elsewhere. */
  readonly hasFolder: boolean
  /** Where they go. */
  readonly newFolder: string
  /** In the order in which they are made and started. */
  readonly containers: readonly MovedContainer[]
  /** Names of containers of `docker compose run`, which stay. */
  readonly oneOffs: readonly string[]
}

export interface MovedContainer {
  readonly summary: ContainerSummary
  readonly info: Docker.ContainerInspectInfo
}

/** @throws {InputError} there is no such project or volume @throws {DockerError} */
export async function findSubject(
  engine: DockerEngine,
  { what }: MigrationRequest,
  signal: AbortSignal,
): Promise<Subject> {
  const all = await listContainers(engine)
  if (what.kind === 'volumes') {
    const volumes = chosenVolumes(what.names, await listVolumes(engine))
    return { volumes, writers: usersOf(volumes, all).flatMap((users) => users.all) }
  }
  const project = await findProject(engine, what, all, signal)
  const volumes = volumesOf(project, await listVolumes(engine))
  const ours = project.containers.map(({ summary }) => summary)
  const parts = { paths: [project.folder], volumes: volumes.map(({ name }) => name), images: [], findings: [] }
  const writers = new Map([...ours, ...(await writersOf(engine, parts))].map((each) => [each.id, each]))
  return { project, volumes, writers: [...writers.values()] }
}

/** Whether it had been started, and not ended since. */
export function isRunning({ info: { State: state } }: MovedContainer): boolean {
  return state.Running || state.Restarting
}

async function findProject(
  engine: DockerEngine,
  { name, folder }: Extract<MigrationRequest['what'], { kind: 'project' }>,
  all: readonly ContainerSummary[],
  signal: AbortSignal,
): Promise<MovedProject> {
  const own = all.filter((container) => projectOf(container) === name)
  const isOneOff = ({ labels }: ContainerSummary): boolean => labels[COMPOSE_LABELS.oneOff] === 'True'
  const lasting = own.filter((container) => !isOneOff(container))
  if (lasting.length === 0) throw noSuchProject(name, all, engine.address)
  // The newest comes first: its files are those of today.
  const place = lasting[0]!.labels[COMPOSE_LABELS.folder]
  if (place === undefined) {
    throw new InputError(`the containers of the project ${name} do not say where its files are`, {
      hint: 'make them anew with a newer Docker Compose (`docker compose up -d --force-recreate`), or move only volumes with --volumes',
    })
  }
  const containers: MovedContainer[] = []
  for (const summary of inStopOrder(lasting).toReversed()) {
    const info = await engine.ask(`look at the container ${summary.name}`, (api) =>
      api.getContainer(summary.id).inspect(),
    )
    containers.push({ summary, info })
  }
  const oneOffs = own.filter(isOneOff).map((container) => container.name)
  const hasFolder = (await folderState(engine, place, signal)) !== 'absent'
  return { name, folder: place, hasFolder, newFolder: folder ?? place, containers, oneOffs }
}

/** Those that Compose made for the project, and all others that its containers have, also those without a name. */
function volumesOf({ name, containers }: MovedProject, existing: readonly Volume[]): Volume[] {
  const mounted = new Set(
    containers.flatMap(({ info }) => info.Mounts.flatMap((mount) => (mount.Type === 'volume' ? [mount.Name] : []))),
  )
  return existing.filter((volume) => volume.labels[COMPOSE_LABELS.project] === name || mounted.has(volume.name))
}

function chosenVolumes(names: readonly string[], existing: readonly Volume[]): Volume[] {
  return [...new Set(names)].map((name) => {
    const found = existing.find((volume) => volume.name === name)
    if (found) return found
    const near = nearest(
      name,
      existing.map((volume) => volume.name),
    )
    throw new InputError(`there is no volume ${name} to move`, {
      hint: near === undefined ? 'see with `docker volume ls` what there is' : `did you mean ${near}?`,
    })
  })
}

function noSuchProject(name: string, all: readonly ContainerSummary[], address: string): InputError {
  const names = [...new Set(all.map(projectOf))].filter((other) => other !== undefined).toSorted()
  const near = nearest(name, names)
  const isStack = all.some(({ labels }) => labels['com.docker.stack.namespace'] === name)
  const others = near === undefined ? names.join(', ') : `${near} (meant?)`
  return new InputError(`no container at ${address} belongs to a Compose project named ${name}`, {
    hint: isStack
      ? `${name} is a stack of a swarm, which is moved with a source of the kind swarm`
      : names.length === 0
        ? 'none belongs to any project: look whether it is the right engine, or move volumes with --volumes'
        : `projects with containers are ${others}; for one without containers run \`docker compose create\` first`,
  })
}
