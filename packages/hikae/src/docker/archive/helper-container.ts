import { randomBytes } from 'node:crypto'
import type Docker from 'dockerode'
import { DockerError, isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { madeByUs } from '../made-by.ts'
import { HELPER_LABEL, REMOVAL, removeLeftHelpers } from './left-helpers.ts'

export type HelperMount = VolumeMount | FolderMount

interface MountPlace {
  /** In the helper, absolute. */
  readonly path: string
  readonly isReadOnly: boolean
}

export interface VolumeMount extends MountPlace {
  /** Name of a volume that is there. */
  readonly volume: string
}

export interface FolderMount extends MountPlace {
  /** Of the engine's host, absolute. */
  readonly folder: string
  /** Of a folder that is not there: the engine refuses it, or makes it with those above when the helper is first used. */
  readonly whenAbsent: 'refuse' | 'make'
}

/** A container that was never started: a way to the volumes and folders that it has. Disposing of it removes it. */
export interface HelperContainer extends AsyncDisposable {
  /** By which the engine is asked for it, so that a proxy can tell it from others: `hikae-helper-0a1b2c3d4e5f6071`. */
  readonly name: string
}

export interface HelperOptions {
  readonly mounts: readonly HelperMount[]
  readonly labels?: Readonly<Record<string, string>>
}

/** It has to be named, and is never run. */
const NO_COMMAND = ['hikae-helper-is-never-started']
/** Images that go while they are chosen. */
const MOST_TRIES = 3

/**
 * Creates a container with volumes and folders for the archive API, from the smallest image that the engine has; nothing is pulled and
 * nothing is run. What killed runs have left of the kind is removed first.
 *
 * @throws {DockerError} a volume or folder is not there, or the engine has no image at all
 */
export async function withHelperContainer(
  engine: DockerEngine,
  { mounts, labels = {} }: HelperOptions,
  signal: AbortSignal,
): Promise<HelperContainer> {
  await removeLeftHelpers(engine)
  for (const mount of mounts) {
    // Creating a container creates the volumes that it names.
    if ('volume' in mount)
      await engine.ask(`look at the volume ${mount.volume}`, (api) => api.getVolume(mount.volume).inspect())
  }
  const settings = {
    Cmd: NO_COMMAND,
    Labels: { ...labels, [HELPER_LABEL]: madeByUs() },
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: 'none',
      Mounts: mounts.filter((mount) => !isMade(mount)).map(mountOf),
      // Only in this form, a folder that is not there is made.
      Binds: mounts
        .filter(isMade)
        .map(({ folder, path, isReadOnly }) => `${folder}:${path}:${isReadOnly ? 'ro' : 'rw'}`),
    },
  }
  const name = `hikae-helper-${randomBytes(8).toString('hex')}`
  await create(engine, { ...settings, name })
  const remove = async (): Promise<void> => {
    try {
      const outlasting = engine.outlastingStops()
      await outlasting.ask('remove a helper container', (api) => api.getContainer(name).remove(REMOVAL))
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  if (signal.aborted) await remove()
  signal.throwIfAborted()
  return { name, [Symbol.asyncDispose]: remove }
}

function isMade(mount: HelperMount): mount is FolderMount {
  return 'folder' in mount && mount.whenAbsent === 'make'
}

function mountOf(mount: HelperMount): Docker.MountSettings {
  const where = { Target: mount.path, ReadOnly: mount.isReadOnly }
  if ('folder' in mount) return { Type: 'bind', Source: mount.folder, ...where }
  // An empty volume would get what the image has at the path.
  return { Type: 'volume', Source: mount.volume, ...where, VolumeOptions: { NoCopy: true } } as Docker.MountSettings
}

async function create(engine: DockerEngine, settings: Docker.ContainerCreateOptions): Promise<void> {
  const images = (await engine.ask('list the images', (api) => api.listImages())).toSorted((a, b) => a.Size - b.Size)
  // Of whoever creates a container, nobody else knows the name: this has to be waited for.
  const outlasting = engine.outlastingStops()
  for (const { Id: Image } of images.slice(0, MOST_TRIES)) {
    try {
      await outlasting.ask('create a helper container', (api) => api.createContainer({ ...settings, Image }))
      return
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  throw new DockerError(`cannot create a helper container: the Docker Engine at ${engine.address} has no image`, {
    hint: "pull any image, such as with `docker pull busybox`, or run Hikae on the engine's host as root, where volumes are read directly",
  })
}
