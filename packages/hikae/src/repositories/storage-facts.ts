import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { systemCode } from '../errors.ts'
import { mountOf, parseMountInfo, type Mount } from './mount-info.ts'

/** What a folder lies on. */
export type StorageFacts =
  /** Whole disks, not partitions: several under RAID and LVM. A file system without a disk to be seen stands for one. */
  | { readonly kind: 'disks'; readonly disks: readonly string[]; readonly isRemovable: boolean }
  | { readonly kind: 'network'; readonly server: string }
  /** Gone with the next start of the machine. */
  | { readonly kind: 'memory' }

/**
 * What a folder lies on, as the kernel has it. The folder need not exist: the closest one above it counts.
 *
 * @returns undefined where the kernel does not tell, as on systems other than Linux
 */
export async function storageFacts(path: string): Promise<StorageFacts | undefined> {
  const [folder, table] = await Promise.all([closestExisting(path), readMountTable()])
  const mount = table && mountOf(folder, table)
  if (mount === undefined) return undefined
  const server = serverOf(mount)
  if (server !== undefined) return { kind: 'network', server }
  if (MEMORY.has(mount.type)) return { kind: 'memory' }
  const device = await deviceNumber(mount)
  if (device === undefined) return { kind: 'disks', disks: [nameless(mount)], isRemovable: false }
  return diskFacts(device)
}

const MEMORY = new Set(['tmpfs', 'ramfs'])

/** A pool, an overlay: not a disk, but what shares it fails together. */
function nameless({ type, source, device }: Mount): string {
  return type === 'zfs' ? `zfs ${source.split('/', 1)[0]}` : `${type} ${device}`
}

/** `server:/export`, `//server/share`, `user@server:/folder` */
function serverOf({ type, source }: Mount): string | undefined {
  if (!/^(nfs4?|cifs|smb3?|fuse\.sshfs|ceph|glusterfs|fuse\.glusterfs|9p|davfs|fuse\.rclone)$/.test(type))
    return undefined
  return /^(?:\/\/|[^@/]*@)?(\[[^\]]+\]|[^:/]+)/.exec(source)?.[1] ?? source
}

async function readMountTable(): Promise<Mount[] | undefined> {
  try {
    return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

async function closestExisting(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCode(error) === undefined || dirname(path) === path) throw error
    return closestExisting(dirname(path))
  }
}

/** Those of btrfs and overlays are made up: the number of the device that is named is the real one. */
async function deviceNumber({ device, source }: Mount): Promise<string | undefined> {
  if (!device.startsWith('0:')) return device
  if (!source.startsWith('/dev/')) return undefined
  try {
    const { rdev } = await stat(source)
    return `${(rdev >> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >> 12) & 0xfff00)}`
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** Follows partitions, volumes, RAID and loop devices down to disks. */
async function diskFacts(device: string): Promise<StorageFacts> {
  const disks = new Set<string>()
  let isRemovable = false
  const pending = [device]
  const seen = new Set<string>()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    const folder = await resolved(`/sys/dev/block/${next}`)
    if (folder === undefined) {
      disks.add(next)
      continue
    }
    const below = await devicesBelow(folder)
    pending.push(...below)
    if (below.length > 0) continue
    disks.add(next)
    isRemovable ||= /\/usb\d/.test(folder) || (await contentOf(join(folder, 'removable'))) === '1'
  }
  return { kind: 'disks', disks: [...disks].sort(), isRemovable }
}

/** The disk of a partition, the parts of a volume, what holds the file of a loop device. */
async function devicesBelow(folder: string): Promise<string[]> {
  if ((await contentOf(join(folder, 'partition'))) !== undefined) {
    const disk = await contentOf(join(dirname(folder), 'dev'))
    return disk === undefined ? [] : [disk]
  }
  const parts = await Promise.all((await entriesOf(join(folder, 'slaves'))).map((name) => numberOf(folder, name)))
  const backing = await contentOf(join(folder, 'loop', 'backing_file'))
  const holder = backing === undefined ? undefined : await storageFacts(backing)
  return [...parts.filter((part) => part !== undefined), ...(holder?.kind === 'disks' ? holder.disks : [])]
}

async function numberOf(folder: string, name: string): Promise<string | undefined> {
  return contentOf(join(folder, 'slaves', basename(name), 'dev'))
}

async function entriesOf(folder: string): Promise<string[]> {
  return (await whatIsThere(() => readdir(folder))) ?? []
}

async function contentOf(file: string): Promise<string | undefined> {
  return (await whatIsThere(() => readFile(file, 'utf8')))?.trim()
}

async function resolved(path: string): Promise<string | undefined> {
  return whatIsThere(() => realpath(path))
}

/** What cannot be read of /sys is as good as absent. */
async function whatIsThere<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
