import { readdir, realpath } from 'node:fs/promises'
import { errorMessage, systemCode } from '../../errors.ts'
import { DiskError } from '../disk-error.ts'
import { parseFstab } from '../fstab.ts'
import type { DiskSystem } from '../system.ts'

/**
 * @returns whether the folder has to be made
 * @throws {DiskError} `DISK_MOUNT_POINT_TAKEN`: it holds something, which would be hidden, or another disk
 */
export async function checkMountPoint(mount: string, system: DiskSystem): Promise<boolean> {
  try {
    const mounted = await system.mountedAt(await realpath(mount))
    if (mounted !== undefined) throw taken(mount, `${mounted.source} is mounted there`)
    const entries = await readdir(mount)
    if (entries.length > 0)
      throw taken(mount, `it holds ${entries[0]!}${entries.length > 1 ? ' and more' : ''}, which would be hidden`)
    return false
  } catch (error) {
    if (error instanceof DiskError) throw error
    if (systemCode(error) === 'ENOENT') return true
    throw taken(mount, errorMessage(error), error)
  }
}

function taken(mount: string, why: string, cause?: unknown): DiskError {
  return new DiskError(
    'DISK_MOUNT_POINT_TAKEN',
    `${mount} cannot be the mount point: ${why}`,
    'name an empty or a new folder with --mount',
    cause,
  )
}

interface Wanted {
  readonly path: string
  readonly uuid: string
  readonly label: string
  readonly mount: string
  /** The table's path, for messages. */
  readonly fstab: string
}

/**
 * @param table text of the table of file systems
 * @returns whether the line has to be added; a disk that has one at the same mount point needs no second
 * @throws {DiskError} `FSTAB_TAKEN`: the mount point is another disk's, or the disk has another mount point
 */
export async function needsFstabLine(table: string, wanted: Wanted): Promise<boolean> {
  const { path, uuid, label, mount, fstab } = wanted
  const names = [`UUID=${uuid}`, `LABEL=${label}`, path].map((name) => name.toLowerCase())
  let needed = true
  for (const { source, target } of parseFstab(table)) {
    const isOurs = names.includes(source.toLowerCase()) || (await leadsTo(source, path))
    const isThere = withoutSlash(target) === mount
    if (isOurs && isThere) needed = false
    else if (isOurs || isThere) {
      throw new DiskError(
        'FSTAB_TAKEN',
        `${fstab} has a line for ${isThere ? `${mount} already, for ${source}` : `${source} already, at ${target}`}`,
        isThere
          ? 'name another folder with --mount, or remove that line if it is not needed any more'
          : `choose another --label, name ${target} with --mount, or remove that line if it is not needed any more`,
      )
    }
  }
  return needed
}

function withoutSlash(target: string): string {
  return target === '/' ? target : target.replace(/\/+$/, '')
}

/** `/dev/disk/by-id/…` names the same device. */
async function leadsTo(source: string, device: string): Promise<boolean> {
  if (!source.startsWith('/dev/')) return false
  try {
    return (await realpath(source)) === device
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
