import { posix } from 'node:path'
import type Docker from 'dockerode'
import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import { familiarName } from '../../sources/docker-images/reference.ts'
import { isWithin } from '../../sources/swap/byte-path.ts'
import { MIGRATION_LABEL } from '../migration.ts'

/** What is another on the other side. */
export interface Surroundings {
  /** Where the project's files were, and where they are. */
  readonly folder: string
  readonly newFolder: string
  /** Names of the project's containers by their ids on the source. */
  readonly names: ReadonlyMap<string, string>
  /** By the ids of images: the names that lead to them on the other side. */
  readonly images: ReadonlyMap<string, readonly string[]>
  /** Of the source's host. */
  readonly hostName: string
  /** Id of the migration. */
  readonly migration: string
}

/** With what a container is made again. */
export interface ContainerSettings {
  readonly name: string
  readonly options: Docker.ContainerCreateOptions
  /** Networks that it joins after it was made: an engine takes one when it makes it. */
  readonly furtherNetworks: ReadonlyMap<string, Docker.EndpointSettings>
}

/** Settings by which an engine makes the same container again, as Docker Compose would have made it there. */
export function containerSettings(info: Docker.ContainerInspectInfo, around: Surroundings): ContainerSettings {
  const { Config: config, HostConfig: host } = info
  const name = info.Name.replace(/^\//, '')
  const mode = modeFor(host.NetworkMode, around)
  const endpoints = endpointsOf(info)
  const first = [...endpoints.keys()].find((network) => network === mode)
  const further = new Map([...endpoints].filter(([network]) => network !== first))
  const shared = mode?.startsWith('container:') === true
  const options = {
    ...withoutOwnName(config, info.Id, { mode, hostName: around.hostName }),
    ...(shared ? { ExposedPorts: undefined } : {}),
    name,
    Image: imageFor(info, around),
    Labels: labelsFor(config.Labels, around),
    HostConfig: hostConfigFor(info, mode, around),
    ...(first === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [first]: endpoints.get(first)! } } }),
  } as Docker.ContainerCreateOptions
  return { name, options, furtherNetworks: further }
}

/** The name of a host that nobody chose is that of the container, or of what it shares its network with. */
function withoutOwnName(
  config: Docker.ContainerInspectInfo['Config'],
  id: string,
  { mode, hostName }: { readonly mode: string | undefined; readonly hostName: string },
): object {
  const { Hostname, Domainname, ...others } = config
  if (mode?.startsWith('container:')) return others
  const isChosen = Hostname !== id.slice(0, 12) && !(mode === 'host' && Hostname === hostName)
  return { ...others, Domainname, ...(isChosen ? { Hostname } : {}) }
}

/** A name that has gone to another image, or that only a registry can give, leads elsewhere. */
function imageFor(
  { Image: id, Config: { Image: name } }: Docker.ContainerInspectInfo,
  { images }: Surroundings,
): string {
  const names = images.get(id) ?? []
  return names.includes(name) || names.includes(familiarName(name)) ? name : id
}

function labelsFor(labels: Readonly<Record<string, string>>, around: Surroundings): Record<string, string> {
  const moved: Record<string, string> = { ...labels, [MIGRATION_LABEL]: around.migration }
  for (const label of [COMPOSE_LABELS.folder, COMPOSE_LABELS.files, COMPOSE_LABELS.envFiles]) {
    const paths = moved[label]
    if (paths !== undefined)
      moved[label] = paths
        .split(',')
        .map((path) => movedPath(path, around))
        .join(',')
  }
  return moved
}

function hostConfigFor(info: Docker.ContainerInspectInfo, mode: string | undefined, around: Surroundings): object {
  const { ContainerIDFile: _, ...host } = info.HostConfig as Docker.HostConfig & { ContainerIDFile?: string }
  const mounts = (host.Mounts ?? []).map((mount) => {
    if (mount.Type === 'bind') return { ...mount, Source: movedPath(mount.Source, around) }
    const found = info.Mounts.find(({ Type, Destination }) => Type === 'volume' && Destination === mount.Target)
    return mount.Type === 'volume' && !mount.Source && found?.Name ? { ...mount, Source: found.Name } : mount
  })
  const binds = (host.Binds ?? []).map((bind) => movedBind(bind, around))
  const targets = new Set([...mounts.map(({ Target }) => Target), ...binds.map((bind) => bind.split(':')[1]!)])
  const unnamed = info.Mounts.flatMap(({ Type, Name, Destination, RW }) =>
    Type === 'volume' && Name !== undefined && !targets.has(Destination)
      ? [`${Name}:${Destination}:${RW ? 'rw' : 'ro'}`]
      : [],
  )
  return {
    ...host,
    NetworkMode: mode,
    IpcMode: modeFor(host.IpcMode, around),
    PidMode: modeFor(host.PidMode, around),
    VolumesFrom: (host.VolumesFrom as string[] | null | undefined)?.map((from) => renamed(from, around)),
    Mounts: mounts,
    // A volume that nobody named keeps its name, so that it has its content.
    Binds: [...binds, ...unnamed],
  }
}

/** `container:ID` by the name, since ids are others there. */
function modeFor<T extends string | undefined>(mode: T, around: Surroundings): T {
  const id = /^container:(.+)$/.exec(mode ?? '')?.[1]
  return id === undefined ? mode : (`container:${renamed(id, around)}` as T)
}

/** `ID`, or `ID:ro` */
function renamed(reference: string, { names }: Surroundings): string {
  const [id = '', ...options] = reference.split(':')
  return [names.get(id) ?? id, ...options].join(':')
}

function movedBind(bind: string, around: Surroundings): string {
  const [source = '', ...others] = bind.split(':')
  return [movedPath(source, around), ...others].join(':')
}

/** What is in the project's folder goes with it. */
function movedPath(path: string, { folder, newFolder }: Pick<Surroundings, 'folder' | 'newFolder'>): string {
  return isWithin(path, folder) ? posix.join(newFolder, posix.relative(folder, path)) : path
}

function endpointsOf({ Id, NetworkSettings }: Docker.ContainerInspectInfo): Map<string, Docker.EndpointSettings> {
  const ownName = Id.slice(0, 12)
  return new Map(
    Object.entries(NetworkSettings.Networks).map(([network, { Aliases, IPAMConfig, Links, ...given }]) => [
      network,
      {
        Aliases: ((Aliases as string[] | null) ?? []).filter((alias) => alias !== ownName),
        ...(IPAMConfig ? { IPAMConfig } : {}),
        ...(Links ? { Links } : {}),
        ...('DriverOpts' in given && given.DriverOpts ? { DriverOpts: given.DriverOpts } : {}),
      } as Docker.EndpointSettings,
    ]),
  )
}
