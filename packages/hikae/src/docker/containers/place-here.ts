import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { isNotFound } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { ownContainer } from './own-container.ts'

/** Where something that the engine speaks of is for this process, or why that cannot be known. */
export type PlaceHere = { readonly path: string } | { readonly obstacle: string }

/**
 * Where a path of the engine's host is here: the same path on that host; in one of the engine's own containers, where the
 * engine itself has mounted it. What merely looks alike is not taken for it.
 *
 * @throws {DockerError}
 */
export async function placeHere(engine: DockerEngine, path: string): Promise<PlaceHere> {
  const own = await ownMounts(engine)
  if (own === undefined)
    return (await engine.isOnThisHost())
      ? { path }
      : { obstacle: 'the engine is on another host, in a container, or has files that may not be read here' }
  // Owners would be saved as they are numbered in here, and the engine counts otherwise.
  if (!hasNumbersOfHost(await readFile('/proc/self/uid_map', 'latin1')))
    return { obstacle: "the users of Hikae's own container have other numbers on the host" }
  const place = placeInMounts(own, path)
  return place === undefined ? { obstacle: `${path} is not mounted in Hikae's own container` } : { path: place }
}

export interface OwnMount {
  readonly Type: string
  /** On the engine's host. */
  readonly Source: string
  /** In here. */
  readonly Destination: string
}

/** @returns undefined when this runs in no container of this engine's: its id is nobody else's */
async function ownMounts(engine: DockerEngine): Promise<readonly OwnMount[] | undefined> {
  const id = await ownContainer()
  if (id === undefined) return undefined
  try {
    const { Mounts } = await engine.ask("look at Hikae's own container", (api) => api.getContainer(id).inspect())
    return Mounts
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/**
 * @param mounts of a container
 * @param path on the host
 * @returns in the container; undefined when it is not there, or something else is mounted over it
 */
export function placeInMounts(mounts: readonly OwnMount[], path: string): string | undefined {
  const holding = mounts.filter(({ Type, Source }) => (Type === 'bind' || Type === 'volume') && isIn(path, Source))
  for (const mount of holding) {
    const place = posix.join(mount.Destination, posix.relative(mount.Source, path))
    const isCovered = mounts.some(
      (other) => other !== mount && isIn(other.Destination, mount.Destination) && overlap(place, other.Destination),
    )
    if (!isCovered) return place
  }
  return undefined
}

function overlap(one: string, other: string): boolean {
  return isIn(one, other) || isIn(other, one)
}

function isIn(path: string, folder: string): boolean {
  return folder !== '' && (path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`))
}

/** @param map of user_namespaces(7): whether it is that of the machine itself */
function hasNumbersOfHost(map: string): boolean {
  return map.trim().split(/\s+/).join(' ') === '0 0 4294967295'
}
