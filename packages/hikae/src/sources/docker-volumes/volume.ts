import type Docker from 'dockerode'
import { DockerError, isNotFound } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'

/** What a volume is made with. */
export interface VolumeSpec {
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

/** A volume of an engine. */
export interface Volume extends VolumeSpec {
  readonly scope: string
  /** On the engine's host. */
  readonly mountpoint: string
  /** When it was made, where the engine says so. */
  readonly createdAt?: Date
}

/** Whether Docker gave the name itself, to a volume that nobody named. */
export function isAnonymous(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name)
}

/** @throws {DockerError} */
export async function listVolumes(engine: DockerEngine): Promise<readonly Volume[]> {
  const { Volumes } = await engine.ask('list the volumes', (api) => api.listVolumes())
  // Without volumes, old engines say null.
  return ((Volumes as Docker.VolumeInspectInfo[] | null) ?? []).map(volumeOf)
}

/** @returns undefined when there is no such volume @throws {DockerError} */
export async function findVolume(engine: DockerEngine, name: string): Promise<Volume | undefined> {
  try {
    return volumeOf(await engine.ask(`look at the volume ${name}`, (api) => api.getVolume(name).inspect()))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** @throws {DockerError} one of that name is there, which the engine by itself would take for the new one; or any other */
export async function createVolume(engine: DockerEngine, spec: VolumeSpec): Promise<Volume> {
  const { name, driver, options, labels } = spec
  if (await findVolume(engine, name)) {
    throw new DockerError(`cannot make the volume ${name}: there is one already`, { status: 409 })
  }
  // Of whoever makes it, nobody else would remove it: once begun, this has to be waited for.
  const lasting = engine.outlastingStops()
  await lasting.ask(`make the volume ${name}`, (api) =>
    api.createVolume({ Name: name, Driver: driver, DriverOpts: { ...options }, Labels: { ...labels } }),
  )
  const made = await findVolume(lasting, name)
  if (!made) throw new DockerError(`the volume ${name} vanished right after it was made`)
  return made
}

/** Does nothing when it is gone already. @throws {DockerError} it is in use, for instance */
export async function removeVolume(engine: DockerEngine, name: string): Promise<void> {
  try {
    await engine.ask(`remove the volume ${name}`, (api) => api.getVolume(name).remove())
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/**
 * Whether its content lies elsewhere and is only mounted at its place, while a container uses it: NFS, a bind mount, tmpfs.
 */
export function isMounted({ driver, options }: Pick<VolumeSpec, 'driver' | 'options'>): boolean {
  return driver !== 'local' || options['type'] !== undefined || options['device'] !== undefined
}

function volumeOf(info: Docker.VolumeInspectInfo): Volume {
  return {
    name: info.Name,
    driver: info.Driver,
    options: info.Options ?? {},
    labels: info.Labels ?? {},
    scope: info.Scope,
    mountpoint: info.Mountpoint,
    ...createdAtOf(info),
  }
}

/** dockerode's types do not know it. */
function createdAtOf(info: Docker.VolumeInspectInfo & { readonly CreatedAt?: string }): Pick<Volume, 'createdAt'> {
  const time = new Date(info.CreatedAt ?? '')
  return Number.isNaN(time.getTime()) ? {} : { createdAt: time }
}
