import type { BigIntStats } from 'node:fs'
import { opendir, realpath, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { errorMessage, systemCode } from '../errors.ts'
import type { DiskChoice } from '../repositories/location.ts'
import { findFileSystem } from './find-file-system.ts'
import { DiskError } from './disk-error.ts'
import { contentOf, deviceOf } from './mounted-device.ts'
import type { MountedFileSystem } from './mounts.ts'
import { isBelow } from './path-below.ts'
import { DiskSystem } from './system.ts'

const MIB = 1024 * 1024

/** `add` stores more, `change` also has to be possible on a full disk, `read` on one that is mounted read-only. */
export type DiskAccess = 'read' | 'change' | 'add'

export interface GuardOptions {
  /** What is about to be done; `add` by default. */
  readonly access?: DiskAccess
  /** Folder of the repository; need not exist yet. */
  readonly path: string
  readonly disk: DiskChoice
  /** Bytes that are about to be written, as far as is known; 0. */
  readonly neededBytes?: number
  /** Bytes that have to stay free after that; 0. */
  readonly minimumFreeBytes?: number
  readonly system?: DiskSystem
}

/** A disk as the guard found it. */
export interface GuardedDisk {
  readonly disk: DiskChoice
  /** The mount point, without symbolic links. */
  readonly mount: string
  /** The mount point's folder, from before anything was asked about it. */
  readonly root: BigIntStats
  /** The folder of the repository or, before it is made, the closest folder above that exists. */
  readonly folder: string
}

/**
 * Makes sure, before anything is written, that a repository's disk is the one that is mounted where it should be, writable
 * and with enough room, and that the repository is on it. Changes nothing. The disk may go away afterwards: whoever writes
 * goes on watching it, see `watchDisk`.
 *
 * @throws {DiskError} with a code, a message and a next step of its own for each: `DISK_MOUNT_POINT_MISSING`,
 *   `DISK_NOT_MOUNTED`, `DISK_IS_ROOT`, `DISK_OTHER`, `DISK_UNKNOWN`, `DISK_READ_ONLY`, `DISK_PATH_OUTSIDE`, `DISK_FULL`
 */
export async function guardDisk(options: GuardOptions): Promise<void> {
  await inspectDisk(options)
}

/** As {@link guardDisk}; tells what it found. */
export async function inspectDisk(options: GuardOptions): Promise<GuardedDisk> {
  const { disk, access = 'add', system = new DiskSystem() } = options
  const mount = await wakeUp(disk, system)
  const root = await stat(mount, { bigint: true })
  const mounted = await system.mountedAt(mount)
  // An automount point alone: its disk did not come.
  if (mounted === undefined || mounted.type === 'autofs') throw await notMounted(disk, system)
  await refuseRoot(disk, mount, mounted, system)
  await refuseOther(disk, mounted, system)
  if (access !== 'read') refuseReadOnly(disk, mounted)
  const folder = await refuseOutside(options.path, disk, mount, system)
  if (access === 'add') await refuseFull(options)
  return { disk, mount, root, folder }
}

/** Looks into the mount point, which mounts disks that are mounted on demand. @returns its path without links */
async function wakeUp(disk: DiskChoice, system: DiskSystem): Promise<string> {
  try {
    await (await opendir(disk.mount)).close()
    return await realpath(disk.mount)
  } catch (error) {
    const code = systemCode(error)
    // What systemd's automounter says when the disk does not come.
    if (code === 'ENODEV' || code === 'EHOSTDOWN') throw await notMounted(disk, system, error)
    if (code !== 'ENOENT') {
      throw new DiskError(
        'DISK_MOUNT_POINT_MISSING',
        `the mount point ${disk.mount} of disk ${disk.uuid} cannot be used: ${errorMessage(error)}`,
        `check that ${disk.mount} is the folder where the disk is mounted, and that you may look into it`,
        error,
      )
    }
    throw new DiskError(
      'DISK_MOUNT_POINT_MISSING',
      `the mount point ${disk.mount} of disk ${disk.uuid} does not exist`,
      `make it (mkdir ${disk.mount}) and mount the disk there, or correct the mount point in the settings of the repository`,
      error,
    )
  }
}

async function notMounted(disk: DiskChoice, system: DiskSystem, cause?: unknown): Promise<DiskError> {
  const device = await findFileSystem(disk.uuid, system)
  const hint =
    device === undefined
      ? `connect the disk and mount it (mount ${disk.mount}), then run the same command again`
      : `the disk is connected as ${device}: mount it with \`mount ${device} ${disk.mount}\`, then run the same command again`
  return new DiskError('DISK_NOT_MOUNTED', `disk ${disk.uuid} is not mounted at ${disk.mount}: nothing is`, hint, cause)
}

async function refuseRoot(disk: DiskChoice, mount: string, mounted: MountedFileSystem, system: DiskSystem) {
  const [here, root] = await Promise.all([stat(mount), stat('/')])
  const rootMount = await system.mountedAt('/')
  if (here.dev !== root.dev && (rootMount === undefined || !isSameDevice(mounted, rootMount))) return
  throw new DiskError(
    'DISK_IS_ROOT',
    `${disk.mount} is on the root file system of this machine, not on disk ${disk.uuid}`,
    `take away what is mounted at ${disk.mount} (\`findmnt ${disk.mount}\` shows it), or correct the mount point in the settings of the repository; backups are never written to the system's own disk in place of another`,
  )
}

/** Subvolumes of one btrfs have different numbers and the same source. */
function isSameDevice(one: MountedFileSystem, other: MountedFileSystem): boolean {
  return one.source === other.source && one.source.startsWith('/dev/')
}

async function refuseOther(disk: DiskChoice, mounted: MountedFileSystem, system: DiskSystem): Promise<void> {
  const content = await contentOf(mounted, system)
  if (isSameUuid(content?.uuid, disk.uuid)) return
  if (content?.uuid === undefined && deviceOf(mounted) !== undefined) {
    throw new DiskError(
      'DISK_UNKNOWN',
      `cannot find out whether ${mounted.source}, which is mounted at ${disk.mount}, is disk ${disk.uuid}`,
      'run this as root: nobody else may look at the device',
    )
  }
  const label = content?.label === undefined ? '' : ` (${content.label})`
  const seen = content?.uuid === undefined ? mounted.source : `disk ${content.uuid}${label} on ${mounted.source}`
  throw new DiskError(
    'DISK_OTHER',
    `another disk is mounted at ${disk.mount}: ${seen}, expected was disk ${disk.uuid}`,
    `unmount it (umount ${disk.mount}), connect the right disk and mount it there; if this disk is meant to be used, put its UUID into the settings of the repository`,
  )
}

/** FAT and NTFS are written in capitals by some. */
function isSameUuid(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.trim().toLowerCase()
}

function refuseReadOnly(disk: DiskChoice, mounted: MountedFileSystem): void {
  if (!mounted.readOnly) return
  throw new DiskError(
    'DISK_READ_ONLY',
    `disk ${disk.uuid} at ${disk.mount} is mounted read-only`,
    `mount it writable (mount -o remount,rw ${disk.mount}); if it became read-only by itself, \`dmesg\` says why: check the disk before you trust it`,
  )
}

/** @returns the closest existing folder of the repository's path */
async function refuseOutside(path: string, disk: DiskChoice, mount: string, system: DiskSystem): Promise<string> {
  const folder = await closestExisting(resolve(path))
  const holder = isBelow(folder, mount) ? await system.mountOf(folder) : undefined
  if (holder?.target === mount) return folder
  const where = holder === undefined ? '' : `: ${holder.source} is mounted at ${holder.target}`
  throw new DiskError(
    'DISK_PATH_OUTSIDE',
    `the repository ${path} is not on disk ${disk.uuid} at ${disk.mount}${where}`,
    `choose a folder below ${disk.mount}, which no link leads out of, or correct the mount point in the settings of the repository`,
  )
}

async function closestExisting(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    return closestExisting(dirname(path))
  }
}

async function refuseFull({ disk, neededBytes = 0, minimumFreeBytes = 0 }: GuardOptions): Promise<void> {
  const { bavail, bsize } = await statfs(disk.mount)
  const free = bavail * bsize
  if (free > 0 && free >= neededBytes + minimumFreeBytes) return
  const needed = [
    ...(neededBytes > 0 ? [`${mebibytes(neededBytes)} are needed`] : []),
    ...(minimumFreeBytes > 0 ? [`${mebibytes(minimumFreeBytes)} have to stay free`] : []),
  ]
  throw new DiskError(
    'DISK_FULL',
    [`disk ${disk.uuid} at ${disk.mount} has ${mebibytes(free)} free`, ...needed].join('; '),
    'free some space on it: remove other files, or old snapshots with `hikae forget --prune`; or use a larger disk',
  )
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`
}
