import { type ContainerSummary, findContainer } from '../containers/container.ts'
import { ownContainer } from '../containers/own-container.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { type ContainerCondition, conditionOf } from './container-condition.ts'
import type { Log } from './method.ts'
import type { Quiesce } from './schema.ts'
import { inStopOrder } from './stop-order.ts'

const SWARM_TASK = 'com.docker.swarm.task.id'

/**
 * Those of the containers that may have to hold still, in the order in which they do; our own is never among them. Whether
 * they run is no matter yet: another run may hold them at this moment.
 *
 * @throws {DockerError} the one in which programs are to be run does not exist
 */
export async function chooseContainers(
  engine: DockerEngine,
  containers: readonly ContainerSummary[],
  how: Exclude<Quiesce, 'none'>,
  log: Log,
): Promise<readonly ContainerSummary[]> {
  const named = typeof how === 'object' ? how.exec.container : undefined
  if (named !== undefined) return [await findContainer(engine, named)]
  const ownId = await ownContainer()
  const own = containers.find(({ id }) => id === ownId)
  if (own) log(`${own.name} is Hikae's own container, and is left alone`)
  return inStopOrder(containers.filter((container) => container !== own))
}

/**
 * To be asked before the first of them is touched.
 *
 * @throws {DockerError} one of them must not be treated so
 */
export async function refuseUnfit(
  engine: DockerEngine,
  containers: readonly ContainerSummary[],
  how: Exclude<Quiesce, 'none'>,
): Promise<void> {
  if (how === 'pause') return
  for (const container of containers) {
    const now = await conditionOf(engine, container.id, container.name)
    if (how === 'stop' && now?.isRunning) refuseLoss(container, now)
    if (how !== 'stop' && how.exec.container !== undefined && !now?.isRunning) throw notRunning(container.name)
  }
}

function notRunning(name: string): DockerError {
  return new DockerError(`no program can be run in the container ${name} before the backup: it does not run`, {
    hint: `start it with \`docker start ${name}\`, or take \`exec\` out of \`quiesce\``,
  })
}

/** What would not come back as it was. */
function refuseLoss({ name, labels }: ContainerSummary, { isRemovedAtEnd }: ContainerCondition): void {
  if (SWARM_TASK in labels) {
    const service = labels['com.docker.swarm.service.name'] ?? 'SERVICE'
    throw new DockerError(`${name} is a task of the Swarm service ${service}: stopped, it would be replaced at once`, {
      hint: `write \`quiesce: pause\`, or take the service down around the backup with hooks: \`docker service scale ${service}=0\``,
    })
  }
  if (!isRemovedAtEnd) return
  throw new DockerError(`the container ${name} was started with --rm: stopped, it would be gone`, {
    hint: 'start it without --rm, or write `quiesce: pause`',
  })
}
