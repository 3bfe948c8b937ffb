import { COMPOSE_LABELS } from '../compose/labels.ts'
import type { ContainerSummary } from '../containers/container.ts'

/**
 * Containers in the order in which they are stopped: what needs another one of the same Compose project before that one. They
 * are started the other way round. Otherwise as they were given.
 */
export function inStopOrder(containers: readonly ContainerSummary[]): readonly ContainerSummary[] {
  const ordered = new Set<ContainerSummary>()
  const seen = new Set<ContainerSummary>()
  const visit = (container: ContainerSummary): void => {
    if (seen.has(container)) return
    seen.add(container)
    for (const other of containers) if (needs(other, container)) visit(other)
    ordered.add(container)
  }
  for (const container of containers) visit(container)
  return [...ordered]
}

function needs(one: ContainerSummary, other: ContainerSummary): boolean {
  const project = one.labels[COMPOSE_LABELS.project]
  const service = other.labels[COMPOSE_LABELS.service]
  if (project === undefined || service === undefined) return false
  if (other.labels[COMPOSE_LABELS.project] !== project) return false
  const needed = one.labels[COMPOSE_LABELS.dependsOn] ?? ''
  return needed.split(',').some((entry) => entry.split(':')[0] === service)
}
