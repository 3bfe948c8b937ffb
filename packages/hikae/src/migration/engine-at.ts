import type { DockerEngine } from '../docker/engine.ts'
import { openEngine } from '../docker/engine.ts'
import { DEFAULT_SOCKET, engineOfEnvironment } from '../docker/engine-address.ts'
import type { SourceContext } from '../sources/source-kind.ts'

/** The engine of this machine, in the place of an address. */
const LOCAL = 'local'

/**
 * Opens the engine at an address; with TLS where `DOCKER_TLS_VERIFY` says so, as the Docker client does.
 *
 * @param host `unix://…`, `tcp://…`, `ssh://…`, or `local`
 * @throws {InputError} it is none of these @throws {DockerError} it does not answer
 */
export async function engineAt(
  host: string,
  { env, signal }: Pick<SourceContext, 'env' | 'signal'>,
): Promise<DockerEngine> {
  const own = env['DOCKER_HOST']?.startsWith('unix://') ? env['DOCKER_HOST'] : `unix://${DEFAULT_SOCKET}`
  const address = engineOfEnvironment({ ...env, DOCKER_HOST: host === LOCAL ? own : host })
  return await openEngine(address, env, signal)
}
