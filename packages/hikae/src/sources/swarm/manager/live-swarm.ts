import { DockerError } from '../../../docker/engine-error.ts'
import { z } from 'zod'
import {
  type ConfigDocument,
  configDocument,
  type NodeDocument,
  secretDocument,
  type SettingsDocument,
  settingsDocument,
  type SwarmContents,
} from '../documents.ts'
import { danglingReferences } from '../references.ts'
import { type Ids, withNames } from './names-and-ids.ts'
import { addPredefined, readNetworks } from './read-networks.ts'
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
  // Users first: when something that they use is removed meanwhile, it is missed, and all is read again.
  const services = z.array(listed).parse(await api.get('list the services', '/services'))
  const configs = z.array(listed).parse(await api.get('list the configs', '/configs'))
  const secrets = z.array(listed).parse(await api.get('list the secrets', '/secrets'))
  const networks = await readNetworks(api)
  const ids = {
    networks: new Map(networks.map(({ name, id }) => [name, id])),
    configs: idsOf(configs),
    secrets: idsOf(secrets),
  }
  const specs = services.map(({ Spec }) => Spec)
  await addPredefined(api, ids.networks, specs)
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

const node = z.object({
  ID: z.string(),
  Spec: z.object({ Role: z.string(), Availability: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
  // A node that has just joined has not said yet what it is.
  Description: z
    .object({ Hostname: z.string().default(''), Engine: z.object({ EngineVersion: z.string().optional() }).optional() })
    .default({ Hostname: '' }),
})

async function readNodes(api: SwarmApi): Promise<NodeDocument[]> {
  const found = z.array(node).parse(await api.get('list the nodes', '/nodes'))
  const nodes = found.map(({ ID, Spec, Description }) => ({
    ID,
    Hostname: Description.Hostname,
    Role: Spec.Role,
    Availability: Spec.Availability,
    Labels: Spec.Labels ?? {},
    EngineVersion: Description.Engine?.EngineVersion ?? '',
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
