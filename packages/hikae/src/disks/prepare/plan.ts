import { readFile, realpath } from 'node:fs/promises'
import { isAbsolute, normalize } from 'node:path'
import { InvalidInputError } from '@hikae/engine'
import { systemCode } from '../../errors.ts'
import { DiskError } from '../disk-error.ts'
import { fstabLine } from '../fstab.ts'
import { readMarkerOnDevice, type DiskMarker } from '../marker.ts'
import type { DiskSystem } from '../system.ts'
import { findDevice, refuseInUse, type FitDevice } from './device.ts'
import { decideErasing, holdingsOf, type Holdings } from './holdings.ts'
import { checkMountPoint, needsFstabLine } from './mount-point.ts'
import { LONGEST_LABEL_BYTES, type PrepareOptions } from './options.ts'

/** What is done to a disk, in this order. */
export type PrepareStep =
  | { readonly kind: 'erase' }
  | { readonly kind: 'format' }
  | { readonly kind: 'make-mount-point' }
  | { readonly kind: 'add-to-fstab'; readonly line: string }
  | { readonly kind: 'mount' }

export interface PreparePlan {
  readonly device: string
  readonly model: string | undefined
  readonly serial: string | undefined
  readonly transport: string | undefined
  readonly sizeBytes: number
  /** What is on it now. */
  readonly holds: readonly string[]
  readonly label: string
  /** Of the file system, the new one or the one that is there. */
  readonly uuid: string
  readonly mount: string
  readonly fstab: string
  /** Empty when everything has been done. */
  readonly steps: readonly PrepareStep[]
  /** An earlier run made the file system: this one goes on from there. */
  readonly goesOn: boolean
}

/**
 * Decides what has to be done to make a device the disk of backups. Changes nothing; needs root.
 *
 * @throws {InvalidInputError} label or mount point cannot be
 * @throws {DiskError} the device, the mount point or the table of file systems must not be touched
 */
export async function planPrepare(options: PrepareOptions, system: DiskSystem): Promise<PreparePlan> {
  checkNames(options)
  const mount = await withoutLinks(options.mount)
  const found = await findDevice(options.device, system)
  const holdings = await holdingsOf(found.device, system)
  const made = await ownFileSystem(found, holdings, options, system)
  const { label, uuid } = made ?? { label: options.label, uuid: options.newUuid }
  const { path, model, serial, transport, sizeBytes } = found.device
  const steps: PrepareStep[] = []
  if (made === undefined) {
    await refuseInUse(found)
    if (decideErasing(found.device, holdings, options)) steps.push({ kind: 'erase' })
    steps.push({ kind: 'format' })
  }
  const isMounted = made !== undefined && (await isMountedAt(found, mount))
  if (!isMounted && (await checkMountPoint(mount, system))) steps.push({ kind: 'make-mount-point' })
  const wanted = { path, uuid, label, mount, fstab: options.fstab }
  if (await needsFstabLine(await readTable(options.fstab), wanted)) {
    steps.push({ kind: 'add-to-fstab', line: fstabLine({ uuid, mount }) })
  }
  if (!isMounted) steps.push({ kind: 'mount' })
  return {
    device: path,
    model,
    serial,
    transport,
    sizeBytes,
    holds: holdings.descriptions,
    label,
    uuid,
    mount,
    fstab: options.fstab,
    steps,
    goesOn: made !== undefined,
  }
}

function checkNames({ label, mount }: PrepareOptions): void {
  if (label === '' || Buffer.byteLength(label) > LONGEST_LABEL_BYTES || /[\p{Cc}/"\\]/u.test(label)) {
    throw new InvalidInputError(`'${label}' cannot be the label of the disk`, {
      hint: `choose 1 to ${LONGEST_LABEL_BYTES} bytes without quotes and slashes, for instance backup-1`,
    })
  }
  if (!isAbsolute(mount) || normalize(mount) === '/' || /\p{Cc}/u.test(mount)) {
    throw new InvalidInputError(`'${mount}' cannot be the mount point`, {
      hint: 'name a folder of its own with its full path, for instance /mnt/backup',
    })
  }
}

/** A mount is known by where it is, not by the link to it. */
async function withoutLinks(mount: string): Promise<string> {
  try {
    return await realpath(mount)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return normalize(mount).replace(/\/+$/, '')
  }
}

/** The file system that an earlier run made; undefined when there is none, or it is to be erased. */
async function ownFileSystem(
  { device }: FitDevice,
  { uuids }: Holdings,
  options: PrepareOptions,
  system: DiskSystem,
): Promise<DiskMarker | undefined> {
  const { eraseSerial, eraseUuid } = options
  const { type, uuid } = (await system.probe(device.path)) ?? {}
  if (type !== 'ext4' || eraseSerial !== undefined || eraseUuid !== undefined) return undefined
  const marker = await readMarkerOnDevice(device.path, system)
  if (marker === undefined || marker.uuid !== uuid || !uuids.includes(marker.uuid)) return undefined
  if (marker.label === options.label) return marker
  throw new DiskError(
    'DISK_NOT_EMPTY',
    `${device.path} has been prepared already, as "${marker.label}"`,
    `run the same command with --label ${marker.label} to go on with it`,
  )
}

async function isMountedAt({ device, mounts }: FitDevice, mount: string): Promise<boolean> {
  if (mounts.length === 0) return false
  if (mounts.includes(mount)) return true
  throw new DiskError(
    'DISK_IN_USE',
    `${device.path} is in use: mounted at ${mounts[0]!}`,
    `unmount it first (umount ${mounts[0]!}), or name that folder with --mount`,
  )
}

async function readTable(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return ''
    throw error
  }
}
