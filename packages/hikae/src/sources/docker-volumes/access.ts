import { constants } from 'node:fs'
import { access, lstat, opendir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { placeHere } from '../../docker/containers/place-here.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, InputError } from '../../errors.ts'
import { ownPowers } from '../../own-powers.ts'
import type { DockerVolumesConfig } from './config.ts'
import { isMounted, type Volume } from './volume.ts'

/** How the files of a volume are reached, and for the log why this way. */
export type VolumeAccess =
  | {
      readonly way: 'direct'
      /** Where they are for this process, which may be in a container. */
      readonly path: string
      readonly why: string
    }
  | { readonly way: 'archive'; readonly why: string }

/** What is to be done with a volume. Whoever may read its files may not always make them. */
export type VolumeUse = 'read' | 'fill'

/**
 * @param wanted what the configuration says
 * @throws {InputError} it says `direct`, which cannot be
 */
export async function accessTo(
  engine: DockerEngine,
  volume: Volume,
  wanted: DockerVolumesConfig['read'],
  use: VolumeUse = 'read',
): Promise<VolumeAccess> {
  if (wanted === 'archive') return { way: 'archive', why: 'the stack file says so' }
  const place = await placeOf(engine, volume, use)
  if ('path' in place) return { way: 'direct', path: place.path, why: `its place can be ${DONE[use]} here` }
  if (wanted === 'auto') return { way: 'archive', why: place.obstacle }
  throw new InputError(`the volume ${volume.name} cannot be ${DONE[use]} directly: ${place.obstacle}`, {
    hint: 'leave `read: direct` out, so that it is reached through the Docker Engine; or run hikae as root on its host',
  })
}

const DONE = { read: 'read', fill: 'written' } as const

type Place = { readonly path: string } | { readonly obstacle: string }

async function placeOf(engine: DockerEngine, volume: Volume, use: VolumeUse): Promise<Place> {
  const { mountpoint, driver } = volume
  const place = await placeHere(engine, mountpoint)
  if ('obstacle' in place) return place
  if (driver !== 'local') return { obstacle: `its driver is ${driver}` }
  if (basename(mountpoint) !== '_data') return { obstacle: `${mountpoint} is not a folder of the engine's` }
  const obstacle = (await obstacleToUse(place.path, mountpoint, use)) ?? (await obstacleAt(place.path, volume))
  return obstacle === undefined ? place : { obstacle }
}

/** Each file may be another user's. */
async function obstacleToUse(path: string, mountpoint: string, use: VolumeUse): Promise<string | undefined> {
  const { readsAll, writesAll } = await ownPowers()
  if (use === 'read')
    return readsAll ? undefined : 'only root, or who has CAP_DAC_READ_SEARCH, can read what is in volumes'
  if (!writesAll) return 'only root can write what is in volumes'
  if (path !== mountpoint)
    return `it is mounted at ${path} here, and is exchanged for another one beside it only at its own place`
  return await access(dirname(path), constants.W_OK).then(
    () => undefined,
    (error: unknown) => `${dirname(path)}: ${errorMessage(error)}`,
  )
}

async function obstacleAt(path: string, volume: Volume): Promise<string | undefined> {
  try {
    const there = await lstat(path)
    if (!there.isDirectory()) return `${path} is not a folder of the engine's`
    // By the rights that count when it is read, as access(2) does not.
    await (await opendir(path)).close()
    if (!isMounted(volume) || path !== volume.mountpoint) return undefined
    const above = await lstat(dirname(path))
    return there.dev === above.dev
      ? 'its content is mounted while a container uses it, and not at its place'
      : undefined
  } catch (error) {
    return `${path}: ${errorMessage(error)}`
  }
}
