import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { isNotFound } from '../../../docker/engine-error.ts'
import { errorMessage } from '../../../errors.ts'
import type { NetworkDocument, ServiceDocument } from '../documents.ts'
import { type LiveSwarm, readLiveSwarm } from '../manager/live-swarm.ts'
import { predefinedNetwork } from '../manager/read-networks.ts'
import { type Ids, withIds } from '../manager/names-and-ids.ts'
import type { SwarmApi } from '../manager/swarm-api.ts'
import { referencesOf } from '../references.ts'
import { isSame } from '../stable-json.ts'
import { type Change, type ChangeOf, type SavedConfig, titleOf } from './change.ts'

/** How long a service that is removed may take to let go of what it used. */
const LETTING_GO_MS = 60_000
const PAUSE_MS = 200
/** Whoever changes something has to name its version, which also changes by itself. */
const TRIES = 5

/** Of a secret that is made, by name; undefined for one whose value a driver keeps. */
export type SecretValue = (name: string) => Promise<Buffer | undefined>

/** Read when services are reached, which come last, or are the first to go: nothing that they refer to changes then. */
export type RememberedSwarm = () => Promise<LiveSwarm>

export function rememberedSwarm(api: SwarmApi): RememberedSwarm {
  let live: Promise<LiveSwarm> | undefined
  return () => (live ??= readLiveSwarm(api))
}

/**
 * Makes one change. Where something is replaced, there is a moment without either.
 *
 * @throws {DockerError}
 */
export async function applyChange(
  api: SwarmApi,
  change: Change,
  { secretValue, live }: { readonly secretValue: SecretValue; readonly live: RememberedSwarm },
): Promise<void> {
  switch (change.object) {
    case 'settings':
      return await update(api, change, '/swarm', () => change.after.Spec)
    case 'node':
      return await update(api, change, `/nodes/${change.id}`, (current) => ({ ...current, Labels: change.after }))
    case 'network':
      return await setNetwork(api, change)
    case 'config':
      return await setConfig(api, change)
    case 'secret': {
      const data = await secretValue(change.name)
      const value = data === undefined ? {} : { Data: data.toString('base64') }
      await api.post(`make ${titleOf(change)}`, '/secrets/create', { ...change.after, ...value })
      return
    }
    case 'service':
      return await setService(api, change, live)
  }
}

async function setNetwork(api: SwarmApi, { name, before, after }: ChangeOf<'network'>): Promise<void> {
  // By its id: a network of this node alone may have the same name.
  const id = (await readLiveSwarm(api)).ids.networks.get(name)
  if (before && id !== undefined) await removeObject(api, 'network', name, id)
  if (after) await createNetwork(api, after)
}

/** The network of that name in a swarm that this node has left is in the way until its last container has ended. */
async function createNetwork(api: SwarmApi, { IPAM, ...network }: NetworkDocument): Promise<void> {
  const ipam = IPAM && { ...IPAM, Config: IPAM.Config.length === 0 ? null : IPAM.Config }
  const body = { ...network, ...(ipam === undefined ? {} : { IPAM: ipam }), CheckDuplicate: true }
  const until = performance.now() + LETTING_GO_MS
  for (;;) {
    try {
      await api.post(`make the network ${network.Name}`, '/networks/create', body)
      return
    } catch (error) {
      if (!/already exists/.test(errorMessage(error)) || performance.now() > until) throw error
      await setTimeout(PAUSE_MS)
    }
  }
}

async function setConfig(api: SwarmApi, change: ChangeOf<'config'>): Promise<void> {
  const { name, before, after } = change
  if (before && after && before.data === after.data && isSame(before.document.Templating, after.document.Templating)) {
    return await update(api, change, `/configs/${name}`, () => specOf(after))
  }
  if (before) await removeObject(api, 'config', name)
  if (after) await api.post(`make ${titleOf(change)}`, '/configs/create', specOf(after))
}

function specOf({ document, data }: SavedConfig): unknown {
  return { ...document, Data: data }
}

async function setService(api: SwarmApi, change: ChangeOf<'service'>, live: RememberedSwarm): Promise<void> {
  const { name, after } = change
  if (!after) return await removeObject(api, 'service', name)
  const { ids, services } = await live()
  const spec = withIds(after, await withPredefined(api, after, ids))
  if (services.has(name)) {
    return await update(api, change, `/services/${name}`, (current) => withCountOfStarts(spec, current))
  }
  await api.post(`make ${titleOf(change)}`, '/services/create', spec)
}

/** With those of predefined networks, which no list has. */
async function withPredefined(api: SwarmApi, service: ServiceDocument, ids: Ids): Promise<Ids> {
  const networks = new Map(ids.networks)
  for (const name of referencesOf(service).networks) {
    if (networks.has(name)) continue
    const id = await predefinedNetwork(api, name, 'Id')
    if (id !== undefined) networks.set(name, id)
  }
  return { ...ids, networks }
}

const object = z.object({ Version: z.object({ Index: z.number() }), Spec: z.looseObject({}) })
type Spec = z.output<typeof object>['Spec']

/** @param make the whole specification, from the one that is there now */
async function update(api: SwarmApi, change: Change, path: string, make: (current: Spec) => unknown): Promise<void> {
  for (let tries = 1; ; tries++) {
    const { Version, Spec } = object.parse(await api.get(`look at ${titleOf(change)}`, path))
    try {
      await api.post(`change ${titleOf(change)}`, `${path}/update`, make(Spec), { version: String(Version.Index) })
      return
    } catch (error) {
      if (tries === TRIES || !/out of sequence/.test(errorMessage(error))) throw error
    }
  }
}

/** Another count of forced starts would start its tasks anew for nothing. */
function withCountOfStarts(service: unknown, current: Spec): unknown {
  const { TaskTemplate, ...rest } = service as Spec
  const { ForceUpdate } = (current['TaskTemplate'] ?? {}) as Spec
  return { ...rest, TaskTemplate: { ...(TaskTemplate as Spec), ...(ForceUpdate === undefined ? {} : { ForceUpdate }) } }
}

/**
 * What is still used by a service that has just been removed is waited for. What is not there is removed already.
 *
 * @throws {DockerError} it is in use
 */
export async function removeObject(
  api: SwarmApi,
  kind: 'network' | 'config' | 'secret' | 'service',
  name: string,
  id = name,
): Promise<void> {
  const deadline = performance.now() + LETTING_GO_MS
  for (;;) {
    try {
      await api.remove(`remove the ${kind} ${name}`, `/${kind}s/${id}`)
      return
    } catch (error) {
      if (isNotFound(error)) return
      const isInUse = /in use|active endpoints/.test(errorMessage(error))
      if (!isInUse || performance.now() > deadline) throw error
      await setTimeout(PAUSE_MS)
    }
  }
}
