import type { StatedDomain } from '../config/repository-schema.ts'
import { describeHost, type HostFacts } from './host-facts.ts'
import type { RepositoryLocation } from './location.ts'
import { objectStorageAccount } from './object-storage-account.ts'
import type { StorageFacts } from './storage-facts.ts'

/** What is known of where a repository stands. */
export interface DomainFacts {
  readonly location: RepositoryLocation
  readonly stated: StatedDomain
  /** Of a folder: what it lies on. */
  readonly storage?: StorageFacts
  /** Of what is reached over the network, or mounted from there. */
  readonly host?: HostFacts
  /** Of S3. */
  readonly accessKeyId?: string
}

/** `here` is where this machine stands. */
export type Site =
  | { readonly kind: 'here' }
  | { readonly kind: 'elsewhere'; readonly name: string }
  | { readonly kind: 'unknown' }

/** What one accident takes away together. */
export interface FailureDomain {
  /** Two domains with one of these in common are one: a disk, a host, an account. Empty when nothing is known. */
  readonly keys: readonly string[]
  /** `disk`, `removable disk`, `other machine`, `object storage`, or as stated; undefined when nothing is known. */
  readonly medium: string | undefined
  readonly site: Site
  /** `disk 8:0`, `host nas.local`, `the account of r2`: for people. */
  readonly description: string
}

/** What the data lies on that is backed up. */
export interface LiveData {
  /** Of the system's disk. */
  readonly storage: StorageFacts
}

export function liveDomain({ storage }: LiveData): FailureDomain {
  return onDisks(storage, {})
}

/** Decides from facts alone; what people state goes before what can be derived, but cannot take a disk apart. */
export function failureDomain(facts: DomainFacts, live: LiveData): FailureDomain {
  const { location, stated, storage, host } = facts
  switch (location.kind) {
    case 'local':
      if (storage === undefined) return unknown('a folder on something unknown', stated)
      return storage.kind === 'network' ? onHost(host, stated, live) : onDisks(storage, stated)
    case 's3':
      return inObjectStorage(facts, live)
    case 'sftp':
    case 'rest':
      return onHost(host, stated, live)
    case 'rclone':
      return unknown('whatever rclone reaches', stated)
  }
}

function onDisks(storage: StorageFacts, stated: StatedDomain): FailureDomain {
  const disks = storage.kind === 'disks' ? storage.disks : []
  const medium = storage.kind === 'disks' && storage.isRemovable ? 'removable disk' : 'disk'
  return {
    keys: [...disks.map((disk) => `disk ${disk}`), ...statedKeys(stated)],
    medium: stated.media ?? (disks.length === 0 ? undefined : medium),
    // Whatever is connected to this machine is where it is, wherever it may be taken later.
    site: { kind: 'here' },
    description: storage.kind === 'memory' ? 'the memory of this machine' : `${medium} ${disks.join(' and ')}`,
  }
}

function onHost(host: HostFacts | undefined, stated: StatedDomain, live: LiveData): FailureDomain {
  if (host === undefined) return unknown('an unknown host', stated)
  const isElsewhereByWord = statedKeys(stated).length > 0 || stated.site !== undefined
  // What a server on this machine stores lies on its disk, unless it only passes data on, which nobody can see.
  if (host.place === 'this-machine' && !isElsewhereByWord) {
    const { keys } = liveDomain(live)
    return { keys, medium: stated.media ?? 'disk', site: { kind: 'here' }, description: 'a server on this machine' }
  }
  return {
    keys: statedKeys(stated).length > 0 ? statedKeys(stated) : [`host ${host.name}`],
    medium: stated.media ?? 'other machine',
    site: siteOf(host, stated),
    description: describeHost(host),
  }
}

function inObjectStorage({ location, stated, host, accessKeyId }: DomainFacts, live: LiveData): FailureDomain {
  if (location.kind !== 's3') throw new TypeError(`${location.kind} is no object storage`)
  const account = objectStorageAccount(location, accessKeyId)
  if (account === undefined) return { ...onHost(host, stated, live), ...mediumOf(stated, 'object storage') }
  const { provider = account.provider, account: name = account.account } = stated
  return {
    keys: [`account ${provider} ${name}`],
    medium: stated.media ?? 'object storage',
    site: statedSite(stated) ?? { kind: 'elsewhere', name: `${provider} ${account.region}`.trim() },
    description: `an account of ${provider}`,
  }
}

function mediumOf({ media }: StatedDomain, derived: string): Pick<FailureDomain, 'medium'> {
  return { medium: media ?? derived }
}

function unknown(description: string, stated: StatedDomain): FailureDomain {
  const { site } = stated
  const keys = statedKeys(stated)
  return {
    keys: keys.length > 0 || site === undefined ? keys : [`site ${site}`],
    medium: stated.media,
    site: statedSite(stated) ?? { kind: 'unknown' },
    description,
  }
}

function statedKeys({ provider, account }: StatedDomain): string[] {
  if (provider === undefined && account === undefined) return []
  return [`account ${provider ?? ''} ${account ?? ''}`]
}

function siteOf({ place, name }: HostFacts, stated: StatedDomain): Site {
  const said = statedSite(stated)
  if (said !== undefined) return said
  if (place === 'unknown') return { kind: 'unknown' }
  return place === 'elsewhere' ? { kind: 'elsewhere', name } : { kind: 'here' }
}

/** A site that is stated is another one: what stands here need not be stated. */
function statedSite({ site }: StatedDomain): Site | undefined {
  if (site === undefined) return undefined
  return /^(here|local|on-?site)$/i.test(site) ? { kind: 'here' } : { kind: 'elsewhere', name: site }
}
