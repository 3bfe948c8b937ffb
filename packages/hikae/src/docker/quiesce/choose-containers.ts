import { type ContainerSummary, findContainer, isAlive } from '../containers/container.ts'
import { ownContainer } from '../containers/own-container.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import type { Log } from './method.ts'
import type { Quiesce } from './schema.ts'
import { inStopOrder } from './stop-order.ts'

const SWARM_TASK = 'com.docker.swarm.task.id'

/**
 * Those of the containers that are to hold still, in the order in which they do; our own is never among them.
 *
 * @throws {DockerError} one of them must not be treated so
 */
export async function chooseContainers(
  engine: DockerEngine,
  containers: readonly ContainerSummary[],
  how: Exclude<Quiesce, 'none'>,
  log: Log,
): Promise<readonly ContainerSummary[]> {
  const named = typeof how === 'object' ? how.exec.container : undefined
  if (named !== undefined) return [await runningContainer(engine, named)]
  const own = await ownContainer()
  const chosen: ContainerSummary[] = []
  for (const container of containers.filter(isAlive)) {
    if (container.id === own) log(`${container.name} is Hikae's own container, and is left alone`)
    else if (container.state === 'paused') log(`${container.name} is paused already, and is left as it is`)
    else chosen.push(container)
  }
  if (how === 'stop') refuseTasks(chosen)
  return inStopOrder(chosen)
}

async function runningContainer(engine: DockerEngine, name: string): Promise<ContainerSummary> {
  const found = await findContainer(engine, name)
  if (found.state === 'running') return found
  throw new DockerError(
    `no program can be run in the container ${found.name} before the backup: it is ${found.state}`,
    {
      hint: `start it with \`docker start ${found.name}\`, or take \`exec\` out of \`quiesce\``,
    },
  )
}

/** The orchestrator would put a new one in its place. */
function refuseTasks(containers: readonly ContainerSummary[]): void {
  const task = containers.find(({ labels }) => SWARM_TASK in labels)
  if (!task) return
  const service = task.labels['com.docker.swarm.service.name'] ?? 'SERVICE'
  throw new DockerError(
    `${task.name} is a task of the Swarm service ${service}: stopped, it would be replaced at once`,
    {
      hint: `write \`quiesce: pause\`, or take the service down around the backup with hooks: \`docker service scale ${service}=0\``,
    },
  )
}
