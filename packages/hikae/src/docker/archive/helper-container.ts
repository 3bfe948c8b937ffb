import { randomBytes } from 'node:crypto'
import type Docker from 'dockerode'
import { DockerError, isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { madeByUs } from '../made-by.ts'
import { HELPER_LABEL, REMOVAL, removeLeftHelpers } from './left-helpers.ts'

export interface HelperMount {
  /** Name of a volume that is there. */
  readonly volume: string
  /** In the helper, absolute. */
  readonly path: string
  readonly isReadOnly: boolean
}

/** A container that was never started: a way to the volumes that it has. Disposing of it removes it. */
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
 * Creates a container with volumes for the archive API, from the smallest image that the engine has; nothing is pulled and
 * nothing is run. What killed runs have left of the kind is removed first.
 *
 * @throws {DockerError} a volume is not there, or the engine has no image at all
 */
export async function withHelperContainer(
  engine: DockerEngine,
  { mounts, labels = {} }: HelperOptions,
  signal: AbortSignal,
): Promise<HelperContainer> {
  await removeLeftHelpers(engine)
  for (const { volume } of mounts) {
    // Creating a container creates the volumes that it names.
    await engine.ask(`look at the volume ${volume}`, (api) => api.getVolume(volume).inspect())
  }
  const settings = {
    Cmd: NO_COMMAND,
    Labels: { ...labels, [HELPER_LABEL]: madeByUs() },
    NetworkDisabled: true,
    HostConfig: { NetworkMode: 'none', Mounts: mounts.map(mountOf) },
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

/** An empty volume would get what the image has at the path. */
function mountOf({ volume, path, isReadOnly }: HelperMount): Docker.MountSettings {
  return {
    Type: 'volume',
    Source: volume,
    Target: path,
    ReadOnly: isReadOnly,
    VolumeOptions: { NoCopy: true },
  } as Docker.MountSettings
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
