import type { BlockDevice, DeviceContent } from './block-devices.ts'
import type { MountedFileSystem } from './mounts.ts'
import type { DiskSystem } from './system.ts'

/** The device that a mounted file system is on; undefined for those of memory and network. */
export function deviceOf({ source }: MountedFileSystem): string | undefined {
  return source.startsWith('/dev/') ? source : undefined
}

/** Whether the file system is on the device itself. */
export function isOn({ source, number }: MountedFileSystem, { path, number: own }: BlockDevice): boolean {
  return source === path || number === own
}

/** Label and UUID of a mounted file system: from the device, or from udev when only root may read that. */
export async function contentOf(mounted: MountedFileSystem, system: DiskSystem): Promise<DeviceContent | undefined> {
  const device = deviceOf(mounted)
  if (device === undefined) return undefined
  const probed = await system.probe(device)
  if (probed !== undefined) return probed
  const known = flatten(await system.blockDevices()).find((candidate) => isOn(mounted, candidate))
  return known?.content
}

/** Devices with all that lies on them, each once. */
export function flatten(devices: readonly BlockDevice[]): BlockDevice[] {
  const all = devices.flatMap((device) => [device, ...flatten(device.children)])
  return [...new Map(all.map((device) => [device.path, device])).values()]
}
