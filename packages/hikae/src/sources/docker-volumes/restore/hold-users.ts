import { type ContainerSummary, isAlive, listContainers } from '../../../docker/containers/container.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { type Hold, holdContainers } from '../../../docker/quiesce/hold.ts'
import { InputError } from '../../../errors.ts'
import type { ReadContext } from '../../source-kind.ts'
import { usersOf } from '../volume-users.ts'
import type { Volume } from '../volume.ts'

/** Containers that run with one of the volumes, each once. @throws {InputError} a paused one, which cannot be stopped */
export async function runningUsers(
  engine: DockerEngine,
  volumes: readonly Volume[],
): Promise<readonly ContainerSummary[]> {
  const users = usersOf(volumes, await listContainers(engine)).flatMap(({ running }) => running)
  const each = [...new Map(users.map((container) => [container.id, container])).values()]
  const paused = each.find(({ state }) => state === 'paused')
  if (!paused) return each
  throw new InputError(`the container ${paused.name} is paused, and would go on with what was there before`, {
    hint: `let it go on with \`docker unpause ${paused.name}\`, or stop it; then restore again`,
  })
}

/**
 * Stops the containers that run with one of the volumes.
 *
 * @throws {DockerError | InputError} one cannot be stopped, or another was started meanwhile; those that were stopped go on
 */
export async function stopUsers(engine: DockerEngine, volumes: readonly Volume[], context: ReadContext): Promise<Hold> {
  await using owned = new AsyncDisposableStack()
  const hold = owned.use(await holdContainers(engine, await runningUsers(engine, volumes), 'stop', context))
  const still = usersOf(volumes, await listContainers(engine)).flatMap(({ all }) => all.filter(isAlive))
  if (still.length > 0) {
    const names = [...new Set(still.map(({ name }) => name))].join(', ')
    throw new InputError(`${names} runs with what is to be replaced, and was not stopped`, {
      hint: 'stop it, and whatever starts it again, and restore again',
    })
  }
  owned.move()
  return hold
}
