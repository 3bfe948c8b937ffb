import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { hostname as ownHostname, networkInterfaces } from 'node:os'

/** Where a host is, as seen from this machine. */
export type HostPlace = 'this-machine' | 'same-site' | 'elsewhere' | 'unknown'

export interface HostFacts {
  /** Lower-case, without a port. */
  readonly name: string
  readonly place: HostPlace
}

export function describeHost({ name, place }: HostFacts): string {
  return place === 'this-machine' ? 'this machine' : `host ${name}`
}

/** What a host's name and addresses are compared with. */
export interface OwnNetwork {
  readonly hostname: string
  readonly addresses: readonly string[]
}

function ownNetwork(): OwnNetwork {
  const interfaces = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return { hostname: ownHostname().toLowerCase(), addresses: interfaces.map(({ address }) => address) }
}

const LOOKUP_MS = 3000

/** Asks the name service, for no longer than three seconds: a name that is not answered is still a host. */
export async function hostFacts(name: string, own: OwnNetwork = ownNetwork()): Promise<HostFacts> {
  const bare = name.toLowerCase().replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return { name: bare, place: placeOf(bare, [bare], own) }
  const answer = lookup(bare, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [], // No such name, or no name service: the name itself may still tell.
  )
  const timer = AbortSignal.timeout(LOOKUP_MS)
  const silence = new Promise<string[]>((resolve) => timer.addEventListener('abort', () => resolve([])))
  return { name: bare, place: placeOf(bare, await Promise.race([answer, silence]), own) }
}

/**
 * @param name lower-case
 * @param addresses of that name; none when they are not known
 */
export function placeOf(name: string, addresses: readonly string[], own: OwnNetwork): HostPlace {
  const isOwn = (address: string): boolean =>
    own.addresses.includes(address) || LOOPBACK.check(address, family(address))
  if (name === 'localhost' || name.endsWith('.localhost') || name === own.hostname) return 'this-machine'
  if (addresses.some(isOwn)) return 'this-machine'
  if (SITE_NAMES.test(name)) return 'same-site'
  if (addresses.length === 0) return 'unknown'
  return addresses.some((address) => PRIVATE.check(address, family(address))) ? 'same-site' : 'elsewhere'
}

/** Names that no public name service knows. */
const SITE_NAMES = /\.(local|lan|home|internal|intranet|home\.arpa)$/

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** RFC 1918, shared and link-local addresses, and their like of IPv6. */
const PRIVATE = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4')
}
PRIVATE.addSubnet('fc00::', 7, 'ipv6')
PRIVATE.addSubnet('fe80::', 10, 'ipv6')

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
