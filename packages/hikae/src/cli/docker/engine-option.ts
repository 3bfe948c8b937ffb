import { engineOfEnvironment, parseEngineAddress } from '../../docker/engine-address.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, isKnownError, UsageError } from '../../errors.ts'
import type { CommandContext } from '../context.ts'
import { value } from '../option.ts'

/** Which Docker Engine a command is about. */
export const engineOption = value({
  placeholder: 'HOST',
  parse: engineHost,
  completes: 'nothing',
  help: 'the Docker Engine, such as ssh://user@host or tcp://host:2376 (default the one that docker uses: DOCKER_HOST, or the socket here)',
})

/** @param host as {@link engineOption} has it @throws {DockerError} it does not answer */
export async function openAskedEngine(
  host: string | undefined,
  { env, signal }: Pick<CommandContext, 'env' | 'signal'>,
): Promise<DockerEngine> {
  const { openEngine } = await import('../../docker/engine.ts')
  const address = engineOfEnvironment(host === undefined ? env : { ...env, DOCKER_HOST: host })
  return await openEngine(address, env, signal)
}

function engineHost(text: string): string {
  try {
    parseEngineAddress(text)
    return text
  } catch (error) {
    const hint = isKnownError(error) ? error.hint : undefined
    throw new UsageError(errorMessage(error), hint === undefined ? {} : { hint })
  }
}
