import { startInContainer } from '../docker/containers/start-in-container.ts'
import type { DockerEngine } from '../docker/engine.ts'
import { outputOf } from '../process/output-of.ts'
import { ProgramFailedError } from '../process/program-failed-error.ts'
import type { Clients } from './clients.ts'

const FIND = 'for program; do command -v "$program" && exit 0; done; exit 1'

/** Client programs in a running container, which are of the server's own version. */
export function clientsInContainer(
  engine: DockerEngine,
  container: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Clients {
  const clients: Clients = {
    place: `in the container ${container.name}`,
    async find(programs) {
      try {
        return (await clients.run(['sh', '-c', FIND, 'sh', ...programs], { signal })).split('\n')[0]
      } catch (error) {
        if (error instanceof ProgramFailedError && error.exitCode === 1) return undefined
        throw error
      }
    },
    start: (command, options) => startInContainer(engine, container, command, options),
    async run(command, options) {
      await using running = startInContainer(engine, container, command, options)
      return await outputOf(running, `${command[0]} ${clients.place}`)
    },
  }
  return clients
}
