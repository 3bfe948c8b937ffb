import { COMPOSE_LABELS } from '../docker/compose/labels.ts'
import { isAlive } from '../docker/containers/container.ts'
import { ENDLESS } from '../docker/engine.ts'
import { isOfTheSystem } from '../sources/compose/project-parts.ts'
import { isMounted, type Volume } from '../sources/docker-volumes/volume.ts'
import { shortImageId } from '../sources/docker-images/reference.ts'
import { isWithin } from '../sources/swap/byte-path.ts'
import { helperImage, imagesOf, type MovedImage } from './images.ts'
import type { Engines, MigrationRequest, SourceFate } from './migration.ts'
import { lostFiles } from './containers/lost-files.ts'
import { type MovedNetwork, networksOf } from './networks.ts'
import { type Place, placeName, wayTo } from './places/place.ts'
import {
  type Obstacle,
  obstaclesBetween,
  obstaclesOfBinds,
  obstaclesOfFolder,
  obstaclesOfImages,
  obstaclesOfNames,
  obstaclesOfRemoval,
  obstaclesOfVolumes,
} from './obstacles.ts'
import { findSubject, type MovedProject, type Subject } from './subject.ts'

/** A migration that is worked out and not begun. */
export interface MigrationPlan {
  readonly subject: Subject
  /** Volumes with how much is in them, in bytes, where the engine knows it. */
  readonly volumes: readonly PlannedVolume[]
  readonly images: readonly MovedImage[]
  /** One that is needed for the time being. */
  readonly helperImage?: MovedImage
  readonly networks: readonly MovedNetwork[]
  /** Any of them, and nothing is begun. */
  readonly obstacles: readonly Obstacle[]
  /** What does not come over, or only in part. */
  readonly limits: readonly string[]
  /** Names of containers that stand still in the second pass. */
  readonly stopped: readonly string[]
  readonly source: SourceFate
}

export interface PlannedVolume {
  readonly volume: Volume
  readonly bytes: number | undefined
  /** False where its content is elsewhere, and its options lead there. */
  readonly isCopied: boolean
}

/** Looks at both sides; changes nothing. @throws {InputError} there is no such project or volume @throws {DockerError} */
export async function planMigration(
  request: MigrationRequest,
  engines: Engines,
  signal: AbortSignal,
): Promise<MigrationPlan> {
  const subject = await findSubject(engines.from, request, signal)
  const { project, volumes, writers } = subject
  const images = project ? await imagesOf(project, engines) : []
  const networks = project ? await networksOf(project, engines) : []
  const helper = images.length > 0 ? undefined : await helperImage(engines)
  const outside = project ? bindsOutside(project) : []
  return {
    ...{ subject, images, networks, source: request.source },
    ...(helper && { helperImage: helper }),
    volumes: await plannedVolumes(volumes, engines),
    obstacles: await obstaclesOf(request, engines, { subject, images, networks, outside }, signal),
    limits: [
      ...(project ? limitsOf(project, outside) : []),
      ...(project ? await lostFiles(project, engines.from) : []),
      ...images.flatMap(limitsOfImage),
      ...volumes.filter(isMounted).map(notCopied),
      ...(await limitsOfReading(subject, engines)),
    ],
    stopped: writers.filter(isAlive).map(({ name }) => name),
  }
}

/** With two engines that do not fit together, nothing else matters. */
async function obstaclesOf(
  { source }: MigrationRequest,
  engines: Engines,
  {
    subject,
    images,
    networks,
    outside,
  }: Pick<MigrationPlan, 'subject' | 'images' | 'networks'> & { readonly outside: readonly string[] },
  signal: AbortSignal,
): Promise<readonly Obstacle[]> {
  const { from, to } = engines
  const { project, volumes } = subject
  const between = await obstaclesBetween(engines)
  if (between.length > 0) return between
  return [
    ...obstaclesOfVolumes(volumes),
    ...(source === 'removed' ? await obstaclesOfRemoval(from, subject) : []),
    ...(await obstaclesOfNames(to, subject, networks)),
    ...obstaclesOfImages(images, to),
    ...(project?.hasFolder ? await obstaclesOfFolder(engines, project, signal) : []),
    ...(await obstaclesOfBinds(to, outside, signal)),
    ...networks.filter(({ info }) => info.Scope === 'swarm').map(ofSwarm),
  ]
}

/** Folders and files that containers mount from elsewhere on the host, but for the host's own. */
function bindsOutside({ folder, containers }: MovedProject): string[] {
  const mounts = containers.flatMap(({ info }) => info.Mounts).filter(({ Type }) => Type === 'bind')
  const sources = new Set(mounts.map(({ Source }) => Source))
  return [...sources].filter((path) => !isWithin(path, folder) && !isOfTheSystem(path)).toSorted()
}

async function plannedVolumes(volumes: readonly Volume[], { from }: Engines): Promise<readonly PlannedVolume[]> {
  if (volumes.length === 0) return []
  const { Volumes: measured } = (await from.ask(
    'ask Docker how large the volumes are',
    (api) => api.df(),
    ENDLESS,
  )) as {
    Volumes?: readonly { Name: string; UsageData?: { Size: number } | null }[] | null
  }
  return volumes.map((volume) => {
    const size = measured?.find(({ Name }) => Name === volume.name)?.UsageData?.Size
    return { volume, bytes: size === undefined || size < 0 ? undefined : size, isCopied: !isMounted(volume) }
  })
}

function limitsOf({ containers, folder, hasFolder, oneOffs }: MovedProject, outside: readonly string[]): string[] {
  const files = containers.flatMap(({ summary: { labels } }) =>
    [labels[COMPOSE_LABELS.files], labels[COMPOSE_LABELS.envFiles]].flatMap((paths) => paths?.split(',') ?? []),
  )
  const elsewhere = [...new Set(files)].filter((path) => path.startsWith('/') && !isWithin(path, folder)).toSorted()
  return [
    ...(hasFolder ? [] : [`${folder} is not on the host of the source: no Compose file comes over`]),
    ...outside.map((path) => `${path} is outside of the project's folder: what is there on the other host is used`),
    ...elsewhere.map((path) => `${path} is outside of the project's folder, and does not come over: Compose needs it`),
    ...oneOffs.map((name) => `${name} was made by \`docker compose run\`, and does not come over`),
  ]
}

function limitsOfImage(image: MovedImage): string[] {
  const lost = image.digests.filter((name) => !image.known.includes(name))
  return [
    ...lost.map((name) => `the image comes over without the digest of its registry: Compose pulls ${name} again`),
    ...(image.names.length + image.digests.length === 0
      ? [
          `${shortImageId(image.id)} has no name any more: Compose makes its containers anew from the image of that name`,
        ]
      : []),
  ]
}

/** What the engine's archive API does not tell. */
async function limitsOfReading({ project, volumes }: Subject, { from }: Engines): Promise<string[]> {
  const places: Place[] = [
    ...volumes.filter((volume) => !isMounted(volume)).map((volume): Place => ({ kind: 'volume', volume })),
    ...(project?.hasFolder ? [{ kind: 'folder', path: project.folder } as const] : []),
  ]
  const names: string[] = []
  for (const place of places) if ((await wayTo(from, place)).kind === 'archive') names.push(placeName(place))
  if (names.length === 0) return []
  return [
    `${names.join(', ')}: read through the Docker Engine, so that times come without fractions of a second, extended attributes do not come, and all is read again while the source stands still. As root on the host of ${from.address}, this is not so`,
  ]
}

function notCopied({ name, options }: Volume): string {
  const where = options['device'] ?? options['type'] ?? ''
  return `the volume ${name} is made with the same options, and its content is not copied: it is at ${where}`
}

function ofSwarm({ info: { Name } }: MovedNetwork): Obstacle {
  return {
    message: `the network ${Name} is one of a swarm, which another engine does not have`,
    hint: 'move what is in a swarm with a source of the kind swarm',
  }
}
