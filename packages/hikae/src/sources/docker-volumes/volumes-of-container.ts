import type { ContainerSummary } from '../../docker/containers/container.ts'
import type { OfContainer } from '../source-kind.ts'
import { isAnonymous } from './volume.ts'

/** The volumes with names that a container has, where its labels do not say which are meant. */
export function volumesOfContainer(
  { mounts }: ContainerSummary,
  { names, labels, project }: Readonly<Record<string, unknown>>,
): OfContainer {
  if ((names ?? labels ?? project) !== undefined) return { written: {} }
  const volumes = mounts.filter(({ type }) => type === 'volume')
  const own = [...new Set(volumes.flatMap(({ name }) => (isNamed(name) ? [name] : [])))].toSorted()
  const places = volumes
    .filter(({ name }) => !isNamed(name))
    .map(({ destination }) => destination)
    .toSorted()
  if (own.length === 0) {
    const seen = places.length === 0 ? 'it has no volumes' : `its volumes have no names (${places.join(', ')})`
    return { written: {}, findings: [{ severity: 'error', message: seen, hint: NEXT }] }
  }
  if (places.length === 0) return { written: { names: own } }
  const message = `what is at ${places.join(', ')} is not saved: the volume has no name, so that it could not be found again`
  return { written: { names: own }, findings: [{ severity: 'warning', message, hint: NEXT }] }
}

const NEXT =
  'give the volume a name where the container is made, or say with the label hikae.source.NAME.names which volumes are meant'

function isNamed(name: string | undefined): name is string {
  return name !== undefined && !isAnonymous(name)
}
