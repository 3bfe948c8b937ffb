import type Docker from 'dockerode'
import { COMPOSE_LABELS } from '../docker/compose/labels.ts'
import { DockerError, isNotFound } from '../docker/engine-error.ts'
import type { DockerEngine } from '../docker/engine.ts'
import type { Finding } from '../sources/finding.ts'
import { type Engines, MIGRATION_LABEL } from './migration.ts'
import type { MovedProject } from './subject.ts'

/** A network that containers of a project are in, and that somebody made. */
export interface MovedNetwork {
  readonly info: Docker.NetworkInspectInfo
  /** Compose made it for the project. */
  readonly isOwn: boolean
  /** A container has an address of its own choice in it. */
  readonly hasFixedAddresses: boolean
  /** Whether the other side has one of that name. */
  readonly isThere: boolean
}

const BUILT_IN = new Set(['bridge', 'host', 'none'])

/** @throws {DockerError} */
export async function networksOf(
  { name, containers }: MovedProject,
  { from, to }: Engines,
): Promise<readonly MovedNetwork[]> {
  const endpoints = containers.flatMap(({ info }) => Object.entries(info.NetworkSettings.Networks))
  const names = new Set(endpoints.map(([network]) => network).filter((network) => !BUILT_IN.has(network)))
  const networks: MovedNetwork[] = []
  for (const network of [...names].toSorted()) {
    const info = await findNetwork(from, network)
    // Of a container that has not run since, the network may be gone.
    if (!info) continue
    networks.push({
      info,
      isOwn: info.Labels?.[COMPOSE_LABELS.project] === name,
      hasFixedAddresses: endpoints.some(([of, { IPAMConfig }]) => of === network && isFixed(IPAMConfig)),
      isThere: (await findNetwork(to, network)) !== undefined,
    })
  }
  return networks
}

/** @returns undefined when there is none @throws {DockerError} */
async function findNetwork(engine: DockerEngine, name: string): Promise<Docker.NetworkInspectInfo | undefined> {
  try {
    const found: Docker.NetworkInspectInfo = await engine.ask(`look at the network ${name}`, (api) =>
      api.getNetwork(name).inspect(),
    )
    // The engine takes the beginning of an id for a name.
    return found.Name === name ? found : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/**
 * Makes a network like the source's, with the same addresses when they are free, or when containers need them.
 *
 * @returns what is not as it was @throws {DockerError}
 */
export async function makeNetwork(
  to: DockerEngine,
  { info, hasFixedAddresses }: MovedNetwork,
  migration: string,
): Promise<readonly Finding[]> {
  const { Name, Driver, Internal, Attachable, EnableIPv6, Options, IPAM } = info
  const settings = {
    ...{ Name, Driver, Internal, Attachable, EnableIPv6, CheckDuplicate: true },
    Options: Options ?? {},
    Labels: { ...info.Labels, [MIGRATION_LABEL]: migration },
  }
  const engine = to.outlastingStops()
  const make = (ipam: object | undefined): Promise<unknown> =>
    engine.ask(`make the network ${Name}`, (api) => api.createNetwork({ ...settings, ...(ipam && { IPAM: ipam }) }))
  try {
    await make(IPAM)
    return []
  } catch (error) {
    if (!isOverlap(error) || hasFixedAddresses) throw error
    await make(undefined)
    const subnets = (IPAM?.Config ?? []).map(({ Subnet }) => Subnet).join(', ')
    const message = `the network ${Name} has other addresses than ${subnets}, which others use there`
    return [{ severity: 'warning', message, hint: 'change firewall rules that name them' }]
  }
}

function isFixed(config: { IPv4Address?: string; IPv6Address?: string } | null | undefined): boolean {
  return Boolean(config?.IPv4Address) || Boolean(config?.IPv6Address)
}

function isOverlap(error: unknown): boolean {
  return error instanceof DockerError && /overlap|conflicts with network/i.test(error.message)
}
