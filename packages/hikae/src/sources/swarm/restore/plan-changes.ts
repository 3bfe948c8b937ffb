import type { Finding } from '../../finding.ts'
import { type NetworkDocument, settingsDocument, type SwarmContents } from '../documents.ts'
import { namesOf, referencesOf } from '../references.ts'
import { differences, isSame } from '../stable-json.ts'
import type { Change, ChangeOf } from './change.ts'
import { boundTo, inUse, noNode, otherAddresses, otherwise, withoutSecret } from './change-findings.ts'
import { placeConstraints } from './place-constraints.ts'
import { whoHasAddresses, withAnyAddresses } from './taken-addresses.ts'

/** What is restored, or what there is now. */
export interface Side {
  readonly contents: SwarmContents
  readonly configData: (name: string) => Promise<Buffer>
}

export interface WantedSide extends Side {
  /** Names of secrets whose value can be had. */
  readonly values: ReadonlySet<string>
}

/** How a swarm becomes what it was. */
export interface PlannedChanges {
  /** In the order in which they can be made. */
  readonly changes: readonly Change[]
  /** Why it cannot be done at all. */
  readonly refusals: readonly Finding[]
  /** What will not be as it was. */
  readonly findings: readonly Finding[]
  /** Secrets that are there, and are used as they are. */
  readonly presentSecrets: readonly string[]
  /** Secrets that are not there, and whose value is not in the point. */
  readonly absentSecrets: readonly string[]
  /** Services that are not made, since a secret is missing. */
  readonly leftOut: readonly string[]
}

/** Changes nothing. Reads contents of configs that are on both sides. */
export async function planChanges(wanted: WantedSide, live: Side): Promise<PlannedChanges> {
  const secrets = planSecrets(wanted, live.contents)
  const networks = planNetworks(wanted.contents, live.contents)
  const configs = await planConfigs(wanted, live)
  const services = planServices(wanted.contents, live.contents, secrets.absent)
  const nodes = planNodes(wanted.contents, live.contents)
  return {
    changes: [
      ...planSettings(wanted.contents, live.contents),
      ...nodes.changes,
      ...networks.changes,
      ...configs.changes,
      ...secrets.changes,
      ...services.changes,
    ],
    refusals: [...networks.refusals, ...configs.refusals],
    findings: [...nodes.findings, ...networks.findings, ...services.findings],
    presentSecrets: secrets.present,
    absentSecrets: secrets.absent,
    leftOut: services.leftOut,
  }
}

/**
 * Locks and certificates of managers are not touched: locking gives out a key that somebody has to keep, and certificates
 * are of one swarm.
 */
function planSettings({ settings: wanted }: SwarmContents, { settings: live }: SwarmContents): Change[] {
  const { EncryptionConfig, CAConfig } = live.Spec
  const after = settingsDocument.parse({ ...live, Spec: { ...live.Spec, ...wanted.Spec, EncryptionConfig, CAConfig } })
  return isSame(live, after) ? [] : [{ object: 'settings', name: 'swarm', before: live, after }]
}

/** Labels are added and set; others that a node has stay. */
function planNodes(wanted: SwarmContents, live: SwarmContents): { changes: Change[]; findings: Finding[] } {
  const changes: Change[] = []
  const findings: Finding[] = []
  for (const { Hostname: name, Labels } of wanted.nodes) {
    if (Object.keys(Labels).length === 0) continue
    const found = live.nodes.filter(({ Hostname }) => Hostname === name)
    if (found.length === 0) findings.push(noNode(name, Object.keys(Labels)))
    for (const { ID, Labels: before } of found) {
      const after = { ...before, ...Labels }
      if (!isSame(before, after)) changes.push({ object: 'node', name, id: ID, before, after })
    }
  }
  return { changes, findings }
}

function planNetworks(
  wanted: SwarmContents,
  live: SwarmContents,
): { changes: Change[]; refusals: Finding[]; findings: Finding[] } {
  const changes: ChangeOf<'network'>[] = []
  const refusals: Finding[] = []
  const findings: Finding[] = []
  const used = new Set(live.services.flatMap((service) => referencesOf(service).networks))
  for (const network of wanted.networks) {
    const there = live.networks.find(({ Name }) => Name === network.Name)
    const differing = there ? differences(functionOf(there), functionOf(network)) : []
    if (there && differing.length === 0) {
      if (!isSame(there, network)) findings.push(otherwise(there, network))
      continue
    }
    if (there && used.has(network.Name)) {
      refusals.push(inUse('network', network.Name, differing))
      continue
    }
    const others = [
      ...live.networks.filter(({ Name }) => Name !== network.Name),
      ...changes.flatMap(({ after }) => after ?? []),
    ]
    const holder = whoHasAddresses(network, others)
    if (holder !== undefined) findings.push(otherAddresses(network, holder))
    const after = holder === undefined ? network : withAnyAddresses(network)
    changes.push({ object: 'network', name: network.Name, before: there ?? null, after })
  }
  return { changes, refusals, findings }
}

/** What makes a difference to services: any addresses will do for them. */
function functionOf(network: NetworkDocument): unknown {
  const { Driver, Attachable = false, Internal = false, EnableIPv6 = false, Options, ConfigFrom, IPAM } = network
  return {
    Driver,
    Attachable,
    Internal,
    EnableIPv6,
    Options: Options ?? {},
    ConfigFrom,
    IPAM: { Driver: IPAM?.['Driver'] },
  }
}

async function planConfigs(wanted: Side, live: Side): Promise<{ changes: Change[]; refusals: Finding[] }> {
  const changes: Change[] = []
  const refusals: Finding[] = []
  const used = new Set(live.contents.services.flatMap((service) => referencesOf(service).configs))
  for (const document of wanted.contents.configs) {
    const { Name: name } = document
    const after = { document, data: (await wanted.configData(name)).toString('base64') }
    const there = live.contents.configs.find(({ Name }) => Name === name)
    if (!there) {
      changes.push({ object: 'config', name, before: null, after })
      continue
    }
    const before = { document: there, data: (await live.configData(name)).toString('base64') }
    if (isSame(before, after)) continue
    const isImmutable = !isSame({ ...before, document: { ...there, Labels: document.Labels } }, after)
    if (isImmutable && used.has(name)) refusals.push(inUse('config', name, differences(before, after)))
    else changes.push({ object: 'config', name, before, after })
  }
  return { changes, refusals }
}

function planSecrets(
  { contents, values }: WantedSide,
  live: SwarmContents,
): { changes: Change[]; present: string[]; absent: string[] } {
  const there = new Set(namesOf(live.secrets))
  const missing = contents.secrets.filter(({ Name }) => !there.has(Name))
  const canBeMade = missing.filter(({ Name, Driver }) => values.has(Name) || (Driver ?? null) !== null)
  return {
    changes: canBeMade.map((after) => ({ object: 'secret', name: after.Name, before: null, after })),
    present: namesOf(contents.secrets).filter((name) => there.has(name)),
    absent: namesOf(missing.filter((secret) => !canBeMade.includes(secret))),
  }
}

function planServices(
  wanted: SwarmContents,
  live: SwarmContents,
  absentSecrets: readonly string[],
): { changes: Change[]; findings: Finding[]; leftOut: string[] } {
  const changes: Change[] = []
  const findings: Finding[] = []
  const leftOut: string[] = []
  for (const saved of wanted.services) {
    const { Name: name } = saved
    const missing = referencesOf(saved).secrets.filter((secret) => absentSecrets.includes(secret))
    if (missing.length > 0) {
      leftOut.push(name)
      findings.push(withoutSecret(name, missing))
      continue
    }
    const { service: after, absent } = placeConstraints(saved, wanted.nodes, live.nodes)
    if (absent.length > 0) findings.push(boundTo(name, absent))
    const before = live.services.find(({ Name }) => Name === name) ?? null
    if (!isSame(before, after)) changes.push({ object: 'service', name, before, after })
  }
  return { changes, findings, leftOut }
}
