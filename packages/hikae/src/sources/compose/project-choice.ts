import { resolve } from 'node:path'
import type { ProjectChoice } from '../../docker/compose/project.ts'
import type { ComposeConfig } from './config.ts'

/** Which project a configuration means. */
export function projectChoice(
  { project, file }: Pick<ComposeConfig, 'project' | 'file'>,
  folder: string,
): ProjectChoice {
  if (file === undefined) return { project: project! }
  const files = [file].flat().map((path) => resolve(folder, path))
  return { files, ...(project === undefined ? {} : { name: project }) }
}
