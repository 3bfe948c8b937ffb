import { COMPOSE_LABELS } from '../compose/labels.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { type ContainerSummary, findContainer, listContainers } from './container.ts'
import { type ContainerChoice, describeContainerChoice } from './container-choice.ts'

/**
 * The container that is meant, as it is now.
 *
 * @throws {DockerError} there is none, or it is not certain which one is meant
 */
export async function findChosenContainer(engine: DockerEngine, config: ContainerChoice): Promise<ContainerSummary> {
  if (config.container !== undefined) return await findContainer(engine, config.container)
  const containers = (await listContainers(engine)).filter(({ labels }) => {
    if (labels[COMPOSE_LABELS.service] !== config.service || labels[COMPOSE_LABELS.oneOff] === 'True') return false
    return config.project === undefined || labels[COMPOSE_LABELS.project] === config.project
  })
  const wanted =
    config.index === undefined
      ? containers
      : containers.filter(({ labels }) => labels[COMPOSE_LABELS.number] === String(config.index))
  const [found, ...others] = wanted
  if (!found) throw notThere(config, containers, engine)
  if (others.length > 0) throw severalThere(config, wanted)
  return found
}

function notThere(
  config: ContainerChoice,
  others: readonly ContainerSummary[],
  { address }: DockerEngine,
): DockerError {
  const hint =
    others.length > 0
      ? `it has these: ${others.map(({ name, labels }) => `${name} (index ${labels[COMPOSE_LABELS.number]})`).join(', ')}`
      : 'create it (`docker compose up`), or look at the names with `docker compose ls` and `docker compose ps --all`'
  return new DockerError(`there is no container of the ${describeContainerChoice(config)} at ${address}`, {
    hint,
    status: 404,
  })
}

function severalThere(config: ContainerChoice, found: readonly ContainerSummary[]): DockerError {
  const projects = [...new Set(found.map(({ labels }) => labels[COMPOSE_LABELS.project] ?? ''))]
  const names = found.map(({ name }) => name).join(', ')
  const hint =
    projects.length > 1
      ? `say which with project: ${projects.join(', ')}`
      : 'say which with index:, or keep what they share in a volume'
  return new DockerError(`the ${describeContainerChoice(config)} has ${found.length} containers: ${names}`, { hint })
}
