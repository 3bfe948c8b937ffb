import { type ContainerSummary, isAlive } from '../../../docker/containers/container.ts'
import type { ContainerFilesConfig } from '../config.ts'

/** What a plan says of the container while it is written into. */
export function holdingSteps({ quiesce }: ContainerFilesConfig, container: ContainerSummary): string[] {
  if (!isAlive(container)) return []
  if (quiesce === 'none') {
    return [`${container.name} goes on running meanwhile, and its programs may see old files beside new ones`]
  }
  return [`let ${container.name} hold still meanwhile (${typeof quiesce === 'string' ? quiesce : 'exec'})`]
}
