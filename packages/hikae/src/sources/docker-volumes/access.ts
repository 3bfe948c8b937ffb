import { constants } from 'node:fs'
import { access, lstat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, InputError } from '../../errors.ts'
import { ownIdentity } from '../../identity.ts'
import type { DockerVolumesConfig } from './config.ts'
import { isMounted, type Volume } from './volume.ts'

/** How the files of a volume are reached. */
export interface VolumeAccess {
  readonly way: 'direct' | 'archive'
  /** For the log: why this way. */
  readonly why: string
}

/**
 * @param wanted what the configuration says
 * @throws {InputError} it says `direct`, which cannot be
 */
export async function accessTo(
  engine: DockerEngine,
  volume: Volume,
  wanted: DockerVolumesConfig['read'],
): Promise<VolumeAccess> {
  if (wanted === 'archive') return { way: 'archive', why: 'the stack file says so' }
  const obstacle = await obstacleTo(engine, volume)
  if (obstacle === undefined) return { way: 'direct', why: 'its place can be read here' }
  if (wanted === 'auto') return { way: 'archive', why: obstacle }
  throw new InputError(`the volume ${volume.name} cannot be read directly: ${obstacle}`, {
    hint: 'leave `read: direct` out, so that it is read through the Docker Engine; or run hikae as root on its host',
  })
}

async function obstacleTo(engine: DockerEngine, volume: Volume): Promise<string | undefined> {
  const { mountpoint, driver } = volume
  if (!(await engine.isOnThisHost())) return 'the engine is on another host'
  if (driver !== 'local') return `its driver is ${driver}`
  // Each file may be another user's.
  if (ownIdentity().uid !== 0) return 'only root can read what is in volumes'
  try {
    const there = await lstat(mountpoint)
    if (!there.isDirectory() || basename(mountpoint) !== '_data') return `${mountpoint} is not a folder of the engine's`
    await access(mountpoint, constants.R_OK | constants.X_OK)
    if (!isMounted(volume)) return undefined
    const above = await lstat(dirname(mountpoint))
    return there.dev === above.dev
      ? 'its content is mounted while a container uses it, and not at its place'
      : undefined
  } catch (error) {
    return `${mountpoint}: ${errorMessage(error)}`
  }
}
