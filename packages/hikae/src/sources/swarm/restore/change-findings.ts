import type { Finding } from '../../finding.ts'
import type { NetworkDocument } from '../documents.ts'
import { isSame } from '../stable-json.ts'
import { subnetsOf } from './taken-addresses.ts'

export function noNode(name: string, labels: readonly string[]): Finding {
  return {
    severity: 'warning',
    message: `the labels ${labels.join(', ')} of the node ${name} cannot be put back: there is no such node in the swarm`,
    hint: 'give them to the node that takes its place: `docker node update --label-add KEY=VALUE NODE`',
  }
}

export function otherwise({ Name, IPAM, Labels }: NetworkDocument, wanted: NetworkDocument): Finding {
  const addresses = `${subnetsOf(IPAM).join(', ')} instead of ${subnetsOf(wanted.IPAM).join(', ')}`
  const what = isSame(Labels, wanted.Labels) ? `has the addresses ${addresses}` : 'has other labels than it had'
  return {
    severity: 'warning',
    message: `the network ${Name} is there already and ${what}: it is left as it is`,
    hint: 'services do not care; remove it before the restore if the old one is wanted',
  }
}

export function otherAddresses({ Name, IPAM }: NetworkDocument, holder: string): Finding {
  return {
    severity: 'warning',
    message: `the network ${Name} gets other addresses than ${subnetsOf(IPAM).join(', ')}, which the network ${holder} has`,
    hint: 'services find each other by name; look for addresses that are written down somewhere',
  }
}

export function inUse(kind: 'network' | 'config', name: string, differing: readonly string[]): Finding {
  return {
    severity: 'error',
    message: `the ${kind} ${name} is there, is another one (${differing.join(', ')}), and is in use: a swarm cannot change it`,
    hint: `remove the services that use it and then \`docker ${kind} rm ${name}\`, restore one stack with \`--to stack:NAME\`, or write everything to a folder with \`--to FOLDER\``,
  }
}

export function withoutSecret(name: string, missing: readonly string[]): Finding {
  return {
    severity: 'error',
    message: `the service ${name} is not restored: it needs ${missing.join(', ')}, whose value is not in the backup`,
    hint: `make it with \`docker secret create ${missing[0]} FILE\`, and restore again`,
  }
}

export function boundTo(name: string, absent: readonly string[]): Finding {
  return {
    severity: 'warning',
    message: `the service ${name} is bound to ${absent.join(', ')}, which is no node of this swarm: its tasks will wait`,
    hint: 'change its constraints with `docker service update --constraint-rm … --constraint-add …`',
  }
}
