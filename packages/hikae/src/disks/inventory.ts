import { statfs } from 'node:fs/promises'
import { isKnownError, systemCode } from '../errors.ts'
import type { BlockDevice, DeviceContent } from './block-devices.ts'
import { readMarker } from './marker.ts'
import { flatten, isOn } from './mounted-device.ts'
import type { MountedFileSystem } from './mounts.ts'
import { repositoriesOn } from './repositories-on.ts'
import type { DiskSystem } from './system.ts'
import { systemDevices } from './system-devices.ts'

/** A disk, or a part of one, that holds a file system or could. */
export interface DiskFacts {
  /** `/dev/sdb1` */
  readonly device: string
  readonly type: string
  readonly sizeBytes: number
  readonly content: DeviceContent
  /** Mount points, oldest first. */
  readonly mounts: readonly string[]
  /** Of the mounted file system. */
  readonly freeBytes: number | undefined
  /** Of the device, or of the file system as it is mounted. */
  readonly readOnly: boolean
  readonly isRemovable: boolean
  /** The system lives on it: on this part or another part of the same disk. */
  readonly isSystem: boolean
  readonly transport: string | undefined
  readonly model: string | undefined
  readonly serial: string | undefined
  /** When `hikae disk prepare` made it: RFC 3339. Only of mounted disks. */
  readonly preparedAt: string | undefined
  /** Folders with a repository. Only of mounted disks. */
  readonly repositories: readonly string[]
}

/** All disks of this machine with what is on them, in the order of the system; partitions stand for their disk. */
export async function listDisks(system: DiskSystem): Promise<DiskFacts[]> {
  const devices = await system.blockDevices()
  const mounts = await system.mounts()
  const ofSystem = await systemDevices(devices, mounts, system)
  const leaves = flatten(devices).filter(({ children, sizeBytes }) => children.length === 0 && sizeBytes > 0)
  const found: DiskFacts[] = []
  for (const device of leaves) found.push(await describe(device, mounts, ofSystem, system))
  return found
}

async function describe(
  device: BlockDevice,
  mounts: readonly MountedFileSystem[],
  ofSystem: ReadonlySet<string>,
  system: DiskSystem,
): Promise<DiskFacts> {
  const { type, sizeBytes, isRemovable, transport, model, serial } = device
  const content = await contentOf(device, system)
  const mounted = mounts.filter((mount) => isOn(mount, device))
  const folder = mounted[0]?.target
  const isSystem = ofSystem.has(device.path)
  const marker = folder === undefined ? undefined : await readMarker(folder)
  return {
    device: device.path,
    type,
    sizeBytes,
    // The system knows what it has mounted, also where the device tells nothing.
    content: { ...content, type: content.type ?? mounted[0]?.type },
    mounts: mounted.map(({ target }) => target),
    freeBytes: folder === undefined ? undefined : await freeBytes(folder),
    readOnly: device.readOnly || mounted.some(({ readOnly }) => readOnly),
    isRemovable,
    isSystem,
    transport,
    model,
    serial,
    preparedAt: marker !== undefined && marker.uuid === content.uuid ? marker.preparedAt : undefined,
    repositories: folder === undefined || isSystem ? [] : await repositoriesOn(folder),
  }
}

/** A disk that cannot be asked, because it fails or belongs to root, is still one to list. */
async function contentOf({ path, content }: BlockDevice, system: DiskSystem): Promise<DeviceContent> {
  try {
    return (await system.probe(path)) ?? content
  } catch (error) {
    if (!isKnownError(error) || error.code !== 'TOOL_FAILED') throw error
    return content
  }
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
