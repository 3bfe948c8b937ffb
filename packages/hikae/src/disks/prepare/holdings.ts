import type { BlockDevice } from '../block-devices.ts'
import { DiskError } from '../disk-error.ts'
import { flatten } from '../mounted-device.ts'
import type { DiskSystem } from '../system.ts'
import type { PrepareOptions } from './options.ts'

/** What would be lost. */
export interface Holdings {
  /** For people: `ext4 file system "photos" (4012bdfd-…)`. */
  readonly descriptions: readonly string[]
  readonly uuids: readonly string[]
}

/** All that is known about what a device and its partitions hold. Only for root. */
export async function holdingsOf(device: BlockDevice, system: DiskSystem): Promise<Holdings> {
  const found = new Map<string, { text: string; uuids: (string | undefined)[] }>()
  for (const { path, type } of flatten([device])) {
    const where = path === device.path ? '' : ` on ${path}`
    const content = (await system.probe(path)) ?? {}
    const signatures = [
      { type: content.type, uuid: content.uuid, label: content.label },
      { type: content.partitionTable, uuid: content.partitionTableUuid, label: undefined },
      ...(await system.signatures(path)),
    ]
    for (const { type: kind, uuid, label } of signatures) {
      const key = `${path} ${kind}`
      if (kind === undefined || found.has(key)) continue
      found.set(key, { text: `${kind}${named(label, uuid)}${where}`, uuids: [uuid] })
    }
    if (where !== '' && !found.has(path)) found.set(path, { text: `${path} (${type})`, uuids: [] })
  }
  const all = [...found.values()]
  return {
    descriptions: all.map(({ text }) => text),
    uuids: all.flatMap(({ uuids }) => uuids.filter((uuid) => uuid !== undefined)),
  }
}

function named(label: string | undefined, uuid: string | undefined): string {
  return `${label === undefined ? '' : ` "${label}"`}${uuid === undefined ? '' : ` (${uuid})`}`
}

/**
 * Who names the serial number or a UUID has the right disk in mind, also when device names have changed since.
 *
 * @returns whether there is something to erase
 * @throws {DiskError} something is on the device and nothing was named, or what was named is not this device
 */
export function decideErasing(device: BlockDevice, holdings: Holdings, options: PrepareOptions): boolean {
  const { eraseSerial, eraseUuid } = options
  if (eraseSerial !== undefined && device.serial !== eraseSerial) {
    throw otherThanNamed(device, `its serial number is ${device.serial ?? 'not known'}, not ${eraseSerial}`)
  }
  if (eraseUuid !== undefined && !holdings.uuids.some((uuid) => uuid.toLowerCase() === eraseUuid.toLowerCase())) {
    throw otherThanNamed(device, `nothing on it has the UUID ${eraseUuid}`)
  }
  if (holdings.descriptions.length === 0) return false
  if (eraseSerial !== undefined || eraseUuid !== undefined) return true
  throw new DiskError(
    'DISK_NOT_EMPTY',
    `${device.path} is not empty: it holds ${holdings.descriptions.join(', ')}`,
    `if nothing on it is needed any more, ${wayToErase(device, holdings)}`,
  )
}

function otherThanNamed(device: BlockDevice, why: string): DiskError {
  return new DiskError(
    'DISK_OTHER_THAN_NAMED',
    `${device.path} is not the disk that may be erased: ${why}`,
    'look at `hikae disk list` for the right device: their names change from one start to the next',
  )
}

function wayToErase({ path, serial }: BlockDevice, { uuids }: Holdings): string {
  if (serial !== undefined) return `run the same command with --erase-serial ${serial}`
  if (uuids[0] !== undefined) return `run the same command with --erase-uuid ${uuids[0]}`
  return `remove it with \`wipefs --all ${path}\` and run the same command again`
}
