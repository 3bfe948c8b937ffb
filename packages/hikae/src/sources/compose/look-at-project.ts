import { type ComposeProject, findProject } from '../../docker/compose/project.ts'
import { engineAddress } from '../../docker/engine-schema.ts'
import { type DockerEngine, openEngine } from '../../docker/engine.ts'
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
  await using engine = await engineOf(config, context)
  const project = await findProject(engine, projectChoice(config, context.folder), context.env)
  return { project, parts: await partsOf(project, await listVolumes(engine), config) }
}

export async function engineOf(
  { engine }: Pick<ComposeConfig, 'engine'>,
  context: SourceContext,
): Promise<DockerEngine> {
  return await openEngine(engineAddress(engine, context), context.env, context.signal)
}
