import { isAbsolute, resolve } from 'node:path'
import type { Environment } from '../../environment.ts'
import { InputError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { type ContainerSummary, listContainers } from '../containers/container.ts'
import type { DockerEngine } from '../engine.ts'
import { COMPOSE_LABELS } from './labels.ts'
import { type ComposeFiles, defaultComposeFiles, readComposeFiles } from './compose-files.ts'

/** A Compose project: what its files say, and what is there of it. */
export interface ComposeProject {
  readonly name: string
  /** Where its relative paths begin. */
  readonly folder: string
  /** Those that Compose is given; absolute. */
  readonly composeFiles: readonly string[]
  readonly files: ComposeFiles
  /** Whatever their state. */
  readonly containers: readonly ContainerSummary[]
}

export type ProjectChoice =
  /** One that has containers, by its name. */
  | { readonly project: string }
  /** By its files, or the folder that they are in; absolute. */
  | { readonly files: readonly string[]; readonly name?: string }

/**
 * Finds a project by what Compose wrote on its containers, or by its files.
 *
 * @throws {InputError} there is none, or its files are not on this machine @throws {DockerError}
 */
export async function findProject(
  engine: DockerEngine,
  choice: ProjectChoice,
  env: Environment,
): Promise<ComposeProject> {
  const containers = await listContainers(engine)
  if ('project' in choice) return await byLabels(choice.project, containers, env)
  const composeFiles = await composeFilesOf(choice.files)
  const files = await readComposeFiles(composeFiles, {
    env,
    ...(choice.name === undefined ? {} : { name: choice.name }),
  })
  const ours = containers.filter((container) => projectOf(container) === files.name)
  return { name: files.name, folder: resolve(composeFiles[0]!, '..'), composeFiles, files, containers: ours }
}

/** The name of the project that a container belongs to. */
export function projectOf({ labels }: Pick<ContainerSummary, 'labels'>): string | undefined {
  return labels[COMPOSE_LABELS.project]
}

async function composeFilesOf(given: readonly string[]): Promise<readonly string[]> {
  const [only, ...others] = given
  if (only === undefined || others.length > 0) return given
  const inFolder = await defaultComposeFiles(only)
  return inFolder.length > 0 ? inFolder : given
}

async function byLabels(name: string, all: readonly ContainerSummary[], env: Environment): Promise<ComposeProject> {
  const containers = all.filter((container) => projectOf(container) === name)
  if (containers.length === 0) throw noSuchProject(name, all)
  // The newest comes first: its files are those of today.
  const { labels } = containers[0]!
  const folder = labels[COMPOSE_LABELS.folder]
  const composeFiles = folder === undefined ? [] : listedIn(labels[COMPOSE_LABELS.files], folder)
  if (folder === undefined || composeFiles.length === 0) throw unknownFiles(name)
  // Containers that did not change were not made anew, and know the files of that time.
  const envFiles = [...new Set(containers.flatMap((each) => listedIn(each.labels[COMPOSE_LABELS.envFiles], folder)))]
  const files = await readComposeFiles(composeFiles, { folder, name, env, envFiles })
  return { name, folder, composeFiles, files, containers }
}

/** Compose 1 writes them relative to the folder. */
function listedIn(label: string | undefined, folder: string): string[] {
  const paths = (label ?? '').split(',').filter((path) => path !== '')
  return paths.map((path) => (isAbsolute(path) ? path : resolve(folder, path)))
}

function noSuchProject(name: string, all: readonly ContainerSummary[]): InputError {
  const names = [...new Set(all.map(projectOf))].filter((other) => other !== undefined).toSorted()
  const near = nearest(name, names)
  const hint =
    names.length === 0
      ? 'no container of this engine belongs to a Compose project: say where its files are with `file:`'
      : `projects with containers are ${near === undefined ? names.join(', ') : `${near} (meant?), ${names.filter((other) => other !== near).join(', ')}`.replace(/, $/, '')}; for one without containers, say where its files are with \`file:\``
  return new InputError(`no container belongs to a Compose project named ${name}`, { hint })
}

function unknownFiles(name: string): InputError {
  return new InputError(`the containers of the project ${name} do not say where its Compose files are`, {
    hint: 'name them with `file:` instead of `project:`',
  })
}
