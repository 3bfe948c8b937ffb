import { type ComposeProject, findProject } from '../../docker/compose/project.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { listVolumes } from '../docker-volumes/volume.ts'
import type { SourceContext } from '../source-kind.ts'
import type { ComposeConfig } from './config.ts'
import { projectChoice } from './project-choice.ts'
import { partsOf, type ProjectParts } from './project-parts.ts'

export interface ProjectNow {
  readonly project: ComposeProject
  readonly parts: ProjectParts
}

/** @throws {InputError} there is no such project @throws {DockerError} */
export async function lookAtProject(config: ComposeConfig, context: SourceContext): Promise<ProjectNow> {
  await using engine = await openConfiguredEngine(config, context)
  const project = await findProject(engine, projectChoice(config, context.folder), context.env)
  return { project, parts: await partsOf(project, await listVolumes(engine), config) }
}
