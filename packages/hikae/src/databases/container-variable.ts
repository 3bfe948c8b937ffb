import type { OpenServer } from './open-server.ts'

/**
 * What the environment of the server's container says under the first of these names that is set. As official images have it,
 * `NAME_FILE` names a file in the container that holds the value.
 *
 * @throws {ProgramFailedError | DockerError} that file cannot be read
 */
export async function containerVariable(
  { container, clients }: OpenServer,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const name of names) {
    const value = container?.variables.get(name)
    if (value !== undefined && value !== '') return value
    const file = container?.variables.get(`${name}_FILE`)
    if (file !== undefined && file !== '') return (await clients.run(['cat', file], { signal })).replace(/\r?\n$/, '')
  }
  return undefined
}
