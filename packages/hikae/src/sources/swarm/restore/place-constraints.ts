import type { NodeDocument, ServiceDocument } from '../documents.ts'

const NODE = /^(\s*node\.(id|hostname)\s*[!=]=\s*)(\S+)\s*$/

/** A service for another swarm, and nodes that it is bound to and that are not there. */
export interface PlacedService {
  readonly service: ServiceDocument
  readonly absent: readonly string[]
}

/**
 * Binds a service to the nodes of the swarm that it goes to: those of the same host name have other ids there.
 *
 * @param saved nodes of the swarm that it comes from
 */
export function placeConstraints(
  service: ServiceDocument,
  saved: readonly NodeDocument[],
  live: readonly NodeDocument[],
): PlacedService {
  const { Placement } = service.TaskTemplate
  if (!Placement?.Constraints) return { service, absent: [] }
  const absent: string[] = []
  const constraints = Placement.Constraints.map((constraint) => {
    const [, head, of, node] = NODE.exec(constraint) ?? []
    if (head === undefined || node === undefined) return constraint
    const host = of === 'id' ? saved.find(({ ID }) => ID === node)?.Hostname : node
    const there = live.find((candidate) => candidate.ID === node || candidate.Hostname === host)
    if (!there) absent.push(host ?? node)
    return of === 'id' && there ? `${head}${there.ID}` : constraint
  })
  const placed = { ...Placement, Constraints: constraints }
  return { service: { ...service, TaskTemplate: { ...service.TaskTemplate, Placement: placed } }, absent }
}
