import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { SourceContext } from '../../source-kind.ts'
import type { SwarmConfig } from '../config.ts'
import { SwarmApi } from './swarm-api.ts'

/** A Docker Engine that manages a swarm. Disposing closes the connections. */
export interface Manager extends AsyncDisposable {
  readonly api: SwarmApi
  /** Of its own node. */
  readonly nodeId: string
  readonly managers: number
  readonly nodes: number
}

/** What an engine says about its part in a swarm. */
export interface SwarmState {
  readonly NodeID?: string
  readonly LocalNodeState?: string
  readonly ControlAvailable?: boolean
  readonly RemoteManagers?: readonly { readonly Addr: string }[] | null
  readonly Managers?: number
  readonly Nodes?: number
}

/** @throws {DockerError} the engine cannot be reached, or manages no swarm */
export async function openManager(
  { engine: configured }: Pick<SwarmConfig, 'engine'>,
  { folder, env, signal }: Pick<SourceContext, 'folder' | 'env' | 'signal'>,
): Promise<Manager> {
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openConfiguredEngine({ engine: configured }, { folder, env, signal }))
  const api = new SwarmApi(engine, signal)
  const state = await swarmStateOf(api)
  if (state.ControlAvailable !== true) throw noManager(engine.address, state)
  const held = owned.move()
  return {
    api,
    nodeId: state.NodeID ?? '',
    managers: state.Managers ?? 1,
    nodes: state.Nodes ?? 1,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** @throws {DockerError} */
export async function swarmStateOf(api: SwarmApi): Promise<SwarmState> {
  const { Swarm } = (await api.get('ask Docker about its swarm', '/info')) as { Swarm?: SwarmState }
  return Swarm ?? {}
}

function noManager(address: string, { LocalNodeState: state, RemoteManagers }: SwarmState): DockerError {
  if (state === 'locked') {
    return new DockerError(`the manager at ${address} is locked`, {
      hint: 'unlock it with `docker swarm unlock` and its unlock key',
    })
  }
  if (state === 'active') {
    const managers = (RemoteManagers ?? []).map(({ Addr }) => Addr).join(', ')
    return new DockerError(
      `the Docker Engine at ${address} is a worker of its swarm, and only managers know all of it`,
      {
        hint: `say with \`engine:\` where a manager is${managers === '' ? '' : `: ${managers}`}`,
      },
    )
  }
  if (state === 'pending' || state === 'error') {
    return new DockerError(`the Docker Engine at ${address} cannot manage its swarm now: its state is ${state}`, {
      hint: 'see why with `docker info`: most often too few managers are reachable',
    })
  }
  return new DockerError(`the Docker Engine at ${address} is in no swarm`, {
    hint: 'begin one with `docker swarm init`, or say with `engine:` where the manager of yours is',
  })
}
