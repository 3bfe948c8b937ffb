import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { errorMessage, systemCode } from '../../errors.ts'
import type { BlockDevice } from '../block-devices.ts'
import { DiskError } from '../disk-error.ts'
import { flatten, isOn } from '../mounted-device.ts'
import type { DiskSystem } from '../system.ts'
import { systemDevices } from '../system-devices.ts'
import { SMALLEST_BYTES } from './options.ts'

/** What a whole file system may be made on. */
const FIT_TYPES = ['disk', 'part', 'loop', 'crypt', 'lvm']

/** A device that may be prepared, as far as one can tell without looking at what it holds. */
export interface FitDevice {
  readonly device: BlockDevice
  /** Where it is mounted. */
  readonly mounts: readonly string[]
}

/**
 * @param path links are followed
 * @throws {DiskError} it is no block device, or a part of the system, or nothing to write to, or too small
 */
export async function findDevice(path: string, system: DiskSystem): Promise<FitDevice> {
  const real = await requireBlockDevice(path)
  const devices = await system.blockDevices()
  const device = flatten(devices).find((candidate) => candidate.path === real)
  if (device === undefined || !FIT_TYPES.includes(device.type)) {
    throw notADevice(path, device === undefined ? 'the system does not list it as a disk' : `it is a ${device.type}`)
  }
  const mounts = await system.mounts()
  if ((await systemDevices(devices, mounts, system)).has(real)) {
    throw new DiskError(
      'DISK_IS_SYSTEM',
      `${real} belongs to the disk that this machine runs from`,
      'choose another disk: this one is never erased, whatever is asked for (`hikae disk list` shows which there are)',
    )
  }
  if (device.readOnly) {
    throw new DiskError(
      'DISK_READ_ONLY',
      `${real} cannot be written to`,
      'move the write-protect switch of the disk or its adapter, and plug it in again',
    )
  }
  if (device.sizeBytes < SMALLEST_BYTES) {
    throw new DiskError(
      'DISK_TOO_SMALL',
      `${real} has ${device.sizeBytes} bytes, at least ${SMALLEST_BYTES} are needed`,
      'choose a larger disk (`hikae disk list` shows which there are)',
    )
  }
  const mounted = flatten([device]).flatMap((part) => mounts.filter((mount) => isOn(mount, part)))
  return { device, mounts: mounted.map(({ target }) => target) }
}

/** Asks for the device alone, as mkfs will. @throws {DiskError} `DISK_IN_USE`: mounted, or part of a RAID or volume group */
export async function refuseInUse({ device: { path }, mounts }: FitDevice): Promise<void> {
  if (mounts[0] !== undefined) throw inUse(path, `mounted at ${mounts[0]}`, `unmount it first: umount ${mounts[0]}`)
  try {
    await (await open(path, constants.O_RDONLY | constants.O_EXCL)).close()
  } catch (error) {
    if (systemCode(error) !== 'EBUSY') throw notADevice(path, errorMessage(error), error)
    throw inUse(
      path,
      'held by the system',
      `see with \`lsblk ${path}\` what is on it: a RAID, a volume group, an open LUKS`,
    )
  }
}

function inUse(path: string, how: string, hint: string): DiskError {
  return new DiskError('DISK_IN_USE', `${path} is in use: ${how}`, hint)
}

async function requireBlockDevice(path: string): Promise<string> {
  try {
    const real = await realpath(path)
    if ((await stat(real)).isBlockDevice()) return real
  } catch (error) {
    throw notADevice(path, errorMessage(error), error)
  }
  throw notADevice(path, 'it is no block device')
}

function notADevice(path: string, why: string, cause?: unknown): DiskError {
  return new DiskError(
    'DISK_NOT_A_DEVICE',
    `${path} is not a disk that can be prepared: ${why}`,
    'name a device as `hikae disk list` shows it, for instance /dev/sdb',
    cause,
  )
}
