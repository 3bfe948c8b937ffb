import { projectOf } from '../docker/compose/project.ts'
import { type ContainerSummary, listContainers } from '../docker/containers/container.ts'
import type { DockerEngine } from '../docker/engine.ts'
import { listVolumes, type Volume } from '../sources/docker-volumes/volume.ts'
import { usersOf } from '../sources/docker-volumes/volume-users.ts'
import { shortImageId } from '../sources/docker-images/reference.ts'
import type { MovedImage } from './images.ts'
import type { Engines } from './migration.ts'
import type { MovedNetwork } from './networks.ts'
import { folderState } from './places/folder-state.ts'
import type { MovedProject, Subject } from './subject.ts'

/** Why a migration cannot be, and what can be done about it. */
export interface Obstacle {
  readonly message: string
  readonly hint: string
}

/** Folders that hold much more than a project. */
const TOO_WIDE = /^\/(?:(?:root|home|etc|srv|opt|usr|var|tmp|mnt|media|run|boot)?|home\/[^/]+|var\/lib)$/

interface HostFacts {
  readonly ID?: string
  readonly Name?: string
  readonly Architecture?: string
  readonly DockerRootDir?: string
}

/** What is wrong with the two engines, whatever is moved. */
export async function obstaclesBetween({ from, to }: Engines): Promise<readonly Obstacle[]> {
  const [here, there] = [await factsOf(from), await factsOf(to)]
  const found: Obstacle[] = []
  if (isSame(here, there)) {
    const hint = 'name another one with --to'
    found.push({ message: `${from.address} and ${to.address} are the same Docker Engine`, hint })
  }
  if (here.Architecture !== there.Architecture) {
    const message = `the images are for ${here.Architecture}, and the host at ${to.address} is ${there.Architecture}`
    const hint = 'move only volumes with --volumes, and start the project there with images of its own'
    found.push({ message, hint })
  }
  return found
}

/** The id alone proves nothing: machines that were copied have the same one. */
function isSame(one: HostFacts, other: HostFacts): boolean {
  return one.ID === other.ID && one.Name === other.Name && one.DockerRootDir === other.DockerRootDir
}

/** Where the engine has its data: a folder with that in it is no project. */
async function rootFolderOf(engine: DockerEngine): Promise<string | undefined> {
  return (await factsOf(engine)).DockerRootDir
}

export function obstaclesOfVolumes(volumes: readonly Volume[]): readonly Obstacle[] {
  return volumes
    .filter(({ driver }) => driver !== 'local')
    .map(({ name, driver }) => ({
      message: `the volume ${name} has the driver ${driver}, of which nobody here knows where its content is`,
      hint: 'bring it over by the means of that driver',
    }))
}

/** Containers that do not go with what is to be removed, and need it. */
export async function obstaclesOfRemoval(
  from: DockerEngine,
  { project, volumes }: Subject,
): Promise<readonly Obstacle[]> {
  const moved = new Set(project?.containers.map(({ summary }) => summary.id))
  return usersOf(volumes, await listContainers(from)).flatMap(({ volume: { name }, all }) => {
    const others = all.filter(({ id }) => !moved.has(id)).map((user) => user.name)
    if (others.length === 0) return []
    const hint = `remove ${others.join(', ')} first, or leave the source stopped with --stop-source`
    return [{ message: `the volume ${name} cannot be removed: ${others.join(', ')} uses it and stays`, hint }]
  })
}

/** Names that are taken on the other side. */
export async function obstaclesOfNames(
  to: DockerEngine,
  { project, volumes }: Subject,
  networks: readonly MovedNetwork[],
): Promise<readonly Obstacle[]> {
  const containers = await listContainers(to)
  return [
    ...(project ? takenByProject(project, containers, to) : []),
    ...takenVolumes(volumes, await listVolumes(to), containers, to),
    ...networks
      .filter(({ isOwn, isThere }) => isOwn && isThere)
      .map(({ info: { Name } }) => ({
        message: `there is a network ${Name} at ${to.address} already`,
        hint: `remove it there with \`docker network rm ${Name}\` if nobody needs it`,
      })),
  ]
}

function takenByProject(project: MovedProject, there: readonly ContainerSummary[], to: DockerEngine): Obstacle[] {
  const { name } = project
  const own = there.filter((container) => projectOf(container) === name)
  if (own.length > 0) {
    const names = own.map((container) => container.name).join(', ')
    const hint = `remove it there with \`docker compose -p ${name} down\`, or move only volumes with --volumes`
    return [{ message: `there is a project ${name} at ${to.address} already, with ${names}`, hint }]
  }
  const wanted = new Set(project.containers.map(({ summary }) => summary.name))
  return there
    .filter((container) => wanted.has(container.name))
    .map((container) => ({
      message: `there is a container ${container.name} at ${to.address} already, which is not of this project`,
      hint: `rename it with \`docker rename ${container.name} NAME\`, or remove it`,
    }))
}

function takenVolumes(
  volumes: readonly Volume[],
  there: readonly Volume[],
  containers: readonly ContainerSummary[],
  to: DockerEngine,
): Obstacle[] {
  const names = new Set(volumes.map(({ name }) => name))
  return usersOf(
    there.filter(({ name }) => names.has(name)),
    containers,
  ).map(({ volume: { name }, all }) => {
    const users = all.length === 0 ? '' : `, which ${all.map((user) => user.name).join(', ')} uses`
    return {
      message: `there is a volume ${name} at ${to.address} already${users}`,
      hint: `back it up, and remove it there with \`docker volume rm ${name}\` if nobody needs it`,
    }
  })
}

export function obstaclesOfImages(images: readonly MovedImage[], to: DockerEngine): readonly Obstacle[] {
  return images.flatMap((image) =>
    image.taken.map((name) => ({
      message: `${name} is another image at ${to.address} than ${shortImageId(image.id)} here`,
      hint: `give it another name there with \`docker tag ${name} OTHER\` and take this one away with \`docker rmi ${name}\``,
    })),
  )
}

/** A folder that cannot be moved, or the other side's that cannot take it. */
export async function obstaclesOfFolder(
  { from, to }: Engines,
  { folder, newFolder }: MovedProject,
  signal: AbortSignal,
): Promise<readonly Obstacle[]> {
  const root = await rootFolderOf(from)
  if (TOO_WIDE.test(folder) || root?.startsWith(`${folder}/`)) {
    const hint =
      'put the project into a folder of its own and make its containers anew there, or move only volumes with --volumes'
    return [{ message: `the project's folder is ${folder}, which holds much more than the project`, hint }]
  }
  if (TOO_WIDE.test(newFolder) || !newFolder.startsWith('/') || /[:\0]/.test(newFolder)) {
    const hint = 'name a folder of its own with --folder, with an absolute path and without colons'
    return [{ message: `the project's files cannot be put into ${newFolder}`, hint }]
  }
  const there = await folderState(to, newFolder, signal)
  if (there !== 'full') return []
  const hint = 'name another one with --folder, or move away what is there'
  return [{ message: `there is a folder ${newFolder} at ${to.address} already, with something in it`, hint }]
}

/** Folders and files of the host outside of the project's folder: there they have to be what they are here. */
export async function obstaclesOfBinds(
  to: DockerEngine,
  outside: readonly string[],
  signal: AbortSignal,
): Promise<readonly Obstacle[]> {
  const found: Obstacle[] = []
  for (const path of outside) {
    if ((await folderState(to, path, signal)) !== 'absent') continue
    found.push({
      message: `${path}, which the project mounts from outside of its folder, is not there at ${to.address}`,
      hint: 'bring it over yourself first, for instance with rsync',
    })
  }
  return found
}

async function factsOf(engine: DockerEngine): Promise<HostFacts> {
  return (await engine.ask('ask Docker about its host', (api) => api.info())) as HostFacts
}
