import type { BlockDevice } from './block-devices.ts'
import { contentOf, flatten, isOn } from './mounted-device.ts'
import type { MountedFileSystem } from './mounts.ts'
import type { DiskSystem } from './system.ts'

/** Folders without which the machine does not start or run, and what is mounted below them. */
const SYSTEM_FOLDERS = ['/boot', '/efi', '/usr', '/var', '/etc', '/snap']

/**
 * Paths of all devices that belong to a disk on which the system lives: its root, what it starts from, what it swaps to,
 * and its packages. One partition makes the whole disk, and all on it, a part of the system.
 */
export async function systemDevices(
  devices: readonly BlockDevice[],
  mounts: readonly MountedFileSystem[],
  system: DiskSystem,
): Promise<ReadonlySet<string>> {
  const ofSystem = mounts.filter(isOfSystem)
  const root = mounts.find(({ target }) => target === '/')
  const rootUuid = root && (await contentOf(root, system))?.uuid
  const swap = await system.swapSpaces()
  const isNeeded = (device: BlockDevice): boolean =>
    swap.includes(device.path) ||
    // A file system over several disks is mounted from one of them.
    (rootUuid !== undefined && device.content.uuid === rootUuid) ||
    ofSystem.some((mount) => isOn(mount, device))
  const trees = devices.map((device) => flatten([device])).filter((tree) => tree.some(isNeeded))
  return new Set(trees.flat().map(({ path }) => path))
}

function isOfSystem({ target, type }: MountedFileSystem): boolean {
  if (target === '/' || type === 'squashfs') return true
  return SYSTEM_FOLDERS.some((folder) => target === folder || target.startsWith(`${folder}/`))
}
