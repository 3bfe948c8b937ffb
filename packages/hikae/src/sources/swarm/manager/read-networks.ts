import { z } from 'zod'
import { isNotFound } from '../../../docker/engine-error.ts'
import { type NetworkDocument, networkDocument } from '../documents.ts'
import type { SwarmApi } from './swarm-api.ts'

const network = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Scope: z.string(),
  Ingress: z.boolean().optional(),
  ConfigFrom: z.looseObject({ Network: z.string().optional() }).optional(),
  Options: z.record(z.string(), z.string()).nullish(),
  /** Only what this node alone knows says which containers are there, be it none. */
  Containers: z.unknown(),
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

/**
 * Those of the swarm, without what a swarm that this node has left may still have here for some seconds; the one that leads into it
 * from outside has no document, since every swarm has its own.
 */
export async function readNetworks(api: SwarmApi): Promise<{ name: string; id: string; document?: NetworkDocument }[]> {
  const filters = JSON.stringify({ scope: ['swarm'] })
  const found = z.array(network).parse(await api.get('list the networks', '/networks', { filters }))
  return found
    .filter(({ Scope, Containers }) => Scope === 'swarm' && (Containers ?? null) === null)
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

/**
 * Such as `host`: no list has them, and their ids are others in every swarm.
 *
 * @param networks ids by name, to which they are added
 * @param specs of services that may be on them
 */
export async function addPredefined(
  api: SwarmApi,
  networks: Map<string, string>,
  specs: readonly unknown[],
): Promise<void> {
  const known = new Set(networks.values())
  const attachments = z.object({
    TaskTemplate: z.object({ Networks: z.array(z.object({ Target: z.string() })).nullish() }),
  })
  const targets = specs.flatMap((Spec) => attachments.safeParse(Spec).data?.TaskTemplate.Networks ?? [])
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
