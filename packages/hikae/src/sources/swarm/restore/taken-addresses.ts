import { BlockList, isIP } from 'node:net'
import type { NetworkDocument } from '../documents.ts'

/** Which of the networks has addresses that another one wants; undefined when they are free. */
export function whoHasAddresses({ IPAM }: NetworkDocument, networks: readonly NetworkDocument[]): string | undefined {
  const wanted = subnetsOf(IPAM)
  return networks.find((other) => subnetsOf(other.IPAM).some((one) => wanted.some((subnet) => overlap(one, subnet))))
    ?.Name
}

/** The same network, with addresses that the swarm chooses. */
export function withAnyAddresses({ IPAM, ...network }: NetworkDocument): NetworkDocument {
  return { ...network, ...(IPAM === undefined ? {} : { IPAM: { ...IPAM, Config: [] } }) }
}

export function subnetsOf(ipam: NetworkDocument['IPAM']): string[] {
  return (ipam?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? [])
}

/** Of two subnets that overlap, one holds the first address of the other. */
function overlap(one: string, other: string): boolean {
  return holds(one, other) || holds(other, one)
}

function holds(subnet: string, other: string): boolean {
  const [address = '', prefix = ''] = subnet.split('/')
  const [first = ''] = other.split('/')
  const family = isIP(address)
  if (family === 0 || family !== isIP(first)) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), type)
  return list.check(first, type)
}
