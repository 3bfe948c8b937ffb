import { DockerError, isNotFound } from '../../../docker/engine-error.ts'
import { z } from 'zod'
import {
  type ConfigDocument,
  configDocument,
  type NetworkDocument,
  networkDocument,
  type NodeDocument,
  secretDocument,
  type SettingsDocument,
  settingsDocument,
  type SwarmContents,
} from '../documents.ts'
import { danglingReferences } from '../references.ts'
import { type Ids, withNames } from './names-and-ids.ts'
import type { SwarmApi } from './swarm-api.ts'

/** A swarm as its manager shows it now. */
export interface LiveSwarm {
  readonly contents: SwarmContents
  readonly ids: Ids
  /** When the swarm was begun: nanoseconds since the epoch. */
  readonly begun: bigint
  /** Ids of the services by name. */
  readonly services: ReadonlyMap<string, string>
}

/** Lists are made one after the other, and somebody may deploy meanwhile. */
const TRIES = 3

/**
 * Reads everything but contents of configs.
 *
 * @throws {DockerError}
 */
export async function readLiveSwarm(api: SwarmApi): Promise<LiveSwarm> {
  let live = await readOnce(api)
  for (let tries = 1; tries < TRIES && danglingReferences(live.contents).length > 0; tries++) live = await readOnce(api)
  return live
}

/** @throws {DockerError} it is not there any more, among others */
export async function readConfigData(api: SwarmApi, name: string, id: string): Promise<Buffer> {
  const answer = await api.get(`read the config ${name}`, `/configs/${id}`)
  const data = z.object({ Spec: z.object({ Data: z.base64() }) }).safeParse(answer).data?.Spec.Data ?? ''
  if (data !== '') return Buffer.from(data, 'base64')
  throw new DockerError(`the config ${name} came without its content`, { hint: 'see `docker config inspect`' })
}

const listed = z.object({ ID: z.string(), Spec: z.looseObject({ Name: z.string() }) })

async function readOnce(api: SwarmApi): Promise<LiveSwarm> {
  // Users before what they use: what is removed in between is then missing here too.
  const services = z.array(listed).parse(await api.get('list the services', '/services'))
  const configs = z.array(listed).parse(await api.get('list the configs', '/configs'))
  const secrets = z.array(listed).parse(await api.get('list the secrets', '/secrets'))
  const networks = await readNetworks(api)
  const ids = {
    networks: new Map(networks.map(({ name, id }) => [name, id])),
    configs: idsOf(configs),
    secrets: idsOf(secrets),
  }
  await addPredefined(api, ids.networks, services)
  const swarm = await readSettings(api)
  return {
    contents: {
      settings: swarm.settings,
      nodes: await readNodes(api),
      networks: networks.flatMap(({ document }) => document ?? []).toSorted(byName),
      configs: configs.map(({ Spec }) => withoutData(Spec)).toSorted(byName),
      secrets: secrets.map(({ Spec }) => secretDocument.parse(Spec)).toSorted(byName),
      services: services.map(({ Spec }) => withNames(Spec, ids)).toSorted(byName),
    },
    ids,
    begun: swarm.begun,
    services: idsOf(services),
  }
}

function withoutData(spec: z.output<typeof listed>['Spec']): ConfigDocument {
  const { Data: _, ...document } = spec
  return configDocument.parse(document)
}

const network = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Scope: z.string(),
  Ingress: z.boolean().optional(),
  ConfigFrom: z.looseObject({ Network: z.string().optional() }).optional(),
  Options: z.record(z.string(), z.string()).nullish(),
})

/** Given out by the swarm itself, which would refuse them from others. */
const GIVEN_OUT = 'com.docker.network.driver.overlay.vxlanid_list'
/** What is taken when a network is made. */
const NETWORK_FIELDS = [
  'Name',
  'Driver',
  'Scope',
  'Attachable',
  'Internal',
  'EnableIPv4',
  'EnableIPv6',
  'IPAM',
  'Labels',
]

async function readNetworks(api: SwarmApi): Promise<{ name: string; id: string; document?: NetworkDocument }[]> {
  const filters = JSON.stringify({ scope: ['swarm'] })
  const found = z.array(network).parse(await api.get('list the networks', '/networks', { filters }))
  return found
    .filter(({ Scope }) => Scope === 'swarm')
    .map((one) => ({
      name: one.Name,
      id: one.Id,
      ...(one.Ingress === true ? {} : { document: documentOf(one) }),
    }))
}

function documentOf(found: z.output<typeof network>): NetworkDocument {
  const { Options, ConfigFrom } = found
  const kept = Object.entries(Options ?? {}).filter(([key]) => key !== GIVEN_OUT)
  const fields = NETWORK_FIELDS.filter((field) => found[field] !== undefined).map((field) => [field, found[field]])
  return networkDocument.parse({
    ...Object.fromEntries(fields),
    Options: Object.fromEntries(kept),
    ...((ConfigFrom?.Network ?? '') === '' ? {} : { ConfigFrom }),
  })
}

/** Such as `host`: no list has them, and their ids are others in every swarm. */
async function addPredefined(
  api: SwarmApi,
  networks: Map<string, string>,
  services: readonly z.output<typeof listed>[],
): Promise<void> {
  const known = new Set(networks.values())
  const attachments = z.object({
    TaskTemplate: z.object({ Networks: z.array(z.object({ Target: z.string() })).nullish() }),
  })
  const targets = services.flatMap(({ Spec }) => attachments.safeParse(Spec).data?.TaskTemplate.Networks ?? [])
  for (const id of new Set(targets.map(({ Target }) => Target))) {
    if (known.has(id)) continue
    const name = await predefinedNetwork(api, id, 'Name')
    if (name !== undefined) networks.set(name, id)
  }
}

/**
 * @param nameOrId of a network that every swarm has, such as `host`
 * @returns what was asked for, or undefined when there is no such network
 */
export async function predefinedNetwork(
  api: SwarmApi,
  nameOrId: string,
  wanted: 'Name' | 'Id',
): Promise<string | undefined> {
  try {
    const answer = await api.get('look at a network', `/networks/${nameOrId}`, { scope: 'swarm' })
    return z.object({ Name: z.string(), Id: z.string() }).parse(answer)[wanted]
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

const node = z.object({
  ID: z.string(),
  Spec: z.object({ Role: z.string(), Availability: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
  Description: z.object({ Hostname: z.string(), Engine: z.object({ EngineVersion: z.string() }) }),
})

async function readNodes(api: SwarmApi): Promise<NodeDocument[]> {
  const found = z.array(node).parse(await api.get('list the nodes', '/nodes'))
  const nodes = found.map(({ ID, Spec, Description }) => ({
    ID,
    Hostname: Description.Hostname,
    Role: Spec.Role,
    Availability: Spec.Availability,
    Labels: Spec.Labels ?? {},
    EngineVersion: Description.Engine.EngineVersion,
  }))
  return nodes.toSorted((one, other) => compare(`${one.Hostname} ${one.ID}`, `${other.Hostname} ${other.ID}`))
}

/** Neither join tokens nor keys: they are of this swarm alone, and let everybody in. */
async function readSettings(api: SwarmApi): Promise<{ settings: SettingsDocument; begun: bigint }> {
  const found = z
    .looseObject({ CreatedAt: z.string(), Spec: z.looseObject({ CAConfig: z.looseObject({}).optional() }) })
    .parse(await api.get('look at the settings of the swarm', '/swarm'))
  const { CAConfig, ...spec } = found.Spec
  const { SigningCAKey: _, ...authority } = CAConfig ?? {}
  const { DefaultAddrPool, SubnetSize, DataPathPort } = found
  const settings = { Spec: { ...spec, CAConfig: authority }, DefaultAddrPool, SubnetSize, DataPathPort }
  return { settings: settingsDocument.parse(settings), begun: BigInt(Date.parse(found.CreatedAt)) * 1_000_000n }
}

function idsOf(objects: readonly z.output<typeof listed>[]): Map<string, string> {
  return new Map(objects.map(({ ID, Spec }) => [Spec.Name, ID]))
}

function byName(one: { readonly Name: string }, other: { readonly Name: string }): number {
  return compare(one.Name, other.Name)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
