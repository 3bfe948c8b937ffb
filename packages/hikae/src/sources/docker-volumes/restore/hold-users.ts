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
  const running = (await allUsers(engine, volumes)).filter(isAlive)
  refusePaused(running)
  return running
}

/**
 * Stops the containers that run with one of the volumes. One that stands still for another run of Hikae is held too: else that
 * run would start it in the middle.
 *
 * @throws {DockerError | InputError} one cannot be stopped, or another was started meanwhile; those that were stopped go on
 */
export async function stopUsers(engine: DockerEngine, volumes: readonly Volume[], context: ReadContext): Promise<Hold> {
  await using owned = new AsyncDisposableStack()
  const users = await allUsers(engine, volumes)
  refusePaused(users)
  const hold = owned.use(await holdContainers(engine, users, 'stop', context))
  const still = (await allUsers(engine, volumes)).filter(isAlive)
  if (still.length > 0) {
    throw new InputError(`${namesOf(still)} runs with what is to be replaced, and was not stopped`, {
      hint: 'stop it, and whatever starts it again, and restore again',
    })
  }
  owned.move()
  return hold
}

/** Each once, in whatever state. */
export async function allUsers(engine: DockerEngine, volumes: readonly Volume[]): Promise<readonly ContainerSummary[]> {
  const users = usersOf(volumes, await listContainers(engine)).flatMap(({ all }) => all)
  return [...new Map(users.map((container) => [container.id, container])).values()]
}

export function namesOf(containers: readonly ContainerSummary[]): string {
  return containers.map(({ name }) => name).join(', ')
}

function refusePaused(containers: readonly ContainerSummary[]): void {
  const paused = containers.find(({ state }) => state === 'paused')
  if (!paused) return
  throw new InputError(`the container ${paused.name} is paused, and would go on with what was there before`, {
    hint: `let it go on with \`docker unpause ${paused.name}\`, or stop it; then restore again`,
  })
}
