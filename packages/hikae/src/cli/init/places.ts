import { basename, resolve } from 'node:path'
import { realpath } from 'node:fs/promises'
import { uniqueName } from '../../discovery/look-around.ts'
import type { DiskFacts } from '../../disks/inventory.ts'
import { isBelow } from '../../disks/path-below.ts'
import { UsageError } from '../../errors.ts'
import { parseAddress } from '../../repositories/address/address.ts'
import type { RepositoryLocation } from '../../repositories/location.ts'
import { storageFacts } from '../../repositories/storage-facts.ts'
import type { SecretReference } from '../../secrets/secret.ts'

/** Where a repository is to be. */
export interface Place {
  /** In the stack file. */
  readonly name: string
  readonly location: RepositoryLocation
}

/** Mounted disks that repositories can be on, removable ones first. */
export function usableDisks(disks: readonly DiskFacts[]): DiskFacts[] {
  const usable = disks.filter(({ mounts, readOnly, isSystem }) => mounts.length > 0 && !readOnly && !isSystem)
  return usable.toSorted((one, other) => Number(other.isRemovable) - Number(one.isRemovable))
}

/** @returns the folder of the repository on a disk that is mounted */
export function folderOn({ mounts }: DiskFacts): string {
  return `${mounts[0]!.replace(/\/$/, '')}/hikae`
}

/**
 * Where `--yes` puts repositories: where it is told to, else on the one disk that is meant for it.
 *
 * @throws {UsageError} nobody can tell where
 */
export function addressesWithoutAsking(to: readonly string[], disks: readonly DiskFacts[]): readonly string[] {
  if (to.length > 0) return to
  const removable = usableDisks(disks).filter(({ isRemovable }) => isRemovable)
  if (removable.length === 1) return [folderOn(removable[0]!)]
  const seen =
    removable.length === 0 ? 'no removable disk is mounted' : `${removable.length} removable disks are mounted`
  const first = removable[0] === undefined ? '/mnt/backup/hikae' : folderOn(removable[0])
  throw new UsageError(`nobody said where the backups are to be, and ${seen}`, {
    hint: `add --to ${first}, or the address of a server or bucket; repeat it for several`,
  })
}

/**
 * Understands addresses as the command line has them. A folder on a disk that can be taken away is bound to that disk.
 *
 * @throws {UsageError} an address that makes no sense, that holds a secret, or is named twice
 */
export async function placesAt(
  addresses: readonly string[],
  { folder, disks }: { readonly folder: string; readonly disks: readonly DiskFacts[] },
): Promise<Place[]> {
  const places: Place[] = []
  for (const address of addresses) {
    const location = await located(parseAddress(address), folder, disks)
    refuseSecrets(location)
    const name = uniqueName(
      wishFor(location, disks),
      places.map((place) => place.name),
    )
    places.push({ name, location })
  }
  const texts = places.map(({ location }) => JSON.stringify(location))
  const twice = addresses.find((_, index) => texts.indexOf(texts[index]!) !== index)
  if (twice !== undefined) throw new UsageError(`the repository ${twice} is named twice`)
  return places
}

async function located(
  location: RepositoryLocation,
  folder: string,
  disks: readonly DiskFacts[],
): Promise<RepositoryLocation> {
  if (location.kind !== 'local') return location
  const path = resolve(folder, location.path)
  const real = await realPathOf(path)
  const holding = usableDisks(disks).find(({ mounts }) => mounts.some((mount) => isBelow(real, mount)))
  const uuid = holding?.content.uuid
  if (holding === undefined || !holding.isRemovable || uuid === undefined) return { kind: 'local', path }
  const mount = holding.mounts.find((candidate) => isBelow(real, candidate))!
  return { kind: 'local', path, disk: { uuid, mount } }
}

/** Without links, also of what is not there yet. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const above = resolve(path, '..')
    return above === path ? path : resolve(await realPathOf(above), basename(path))
  }
}

function wishFor(location: RepositoryLocation, disks: readonly DiskFacts[]): string {
  switch (location.kind) {
    case 'local': {
      const disk = disks.find(({ content }) => content.uuid !== undefined && content.uuid === location.disk?.uuid)
      return location.disk === undefined ? 'local' : (disk?.content.label ?? disk?.transport ?? 'disk').toLowerCase()
    }
    case 'sftp':
      return location.host
    case 'rest':
      return new URL(location.url).hostname
    case 's3':
      return location.bucket
    case 'rclone':
      return location.remote.split(':')[0]!
  }
}

/** The stack file is to hold none. */
function refuseSecrets(location: RepositoryLocation): void {
  if (location.kind !== 'rest') return
  const isLiteral = (secret: SecretReference | undefined): boolean => secret?.kind === 'literal'
  if (!isLiteral(location.user) && !isLiteral(location.password)) return
  throw new UsageError(`the address of ${location.url} has a user or a password in it, which would be in hikae.yaml`, {
    hint: 'leave both out, and set HIKAE_REST_USERNAME and HIKAE_REST_PASSWORD in the environment in which hikae runs',
  })
}

/**
 * What is wrong with where repositories are to be, as seen from the data.
 *
 * @throws {UsageError} one would be inside of what is saved, or hold it
 */
export async function placeWarnings(places: readonly Place[], folder: string): Promise<string[]> {
  const warnings: string[] = []
  const data = await realPathOf(folder)
  for (const { name, location } of places) {
    if (location.kind !== 'local') continue
    const path = await realPathOf(location.path)
    if (isBelow(path, data) || isBelow(data, path)) {
      throw new UsageError(
        `the repository ${location.path} and what is to be saved, ${folder}, are one inside the other`,
        {
          hint: 'put the repository on another disk or machine, or in a folder beside: backups do not save themselves',
        },
      )
    }
    const warning = await sharedStorage(data, path)
    if (warning !== undefined) warnings.push(`${name} (${location.path}) ${warning}`)
  }
  return warnings
}

async function sharedStorage(data: string, path: string): Promise<string | undefined> {
  const [live, own] = await Promise.all([storageFacts(data), storageFacts(path)])
  if (own?.kind === 'memory') return 'is in the memory of this machine: it is gone with the next start'
  if (live?.kind !== 'disks' || own?.kind !== 'disks') return undefined
  if (!own.disks.some((disk) => live.disks.includes(disk))) return undefined
  return 'is on the same disk as the data: when the disk dies, both are gone; add a repository on another disk or machine'
}
