import { statPath } from '../../../docker/archive/path-stat.ts'
import type { ContainerSummary } from '../../../docker/containers/container.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { type BytePath, bytePath, nameOf, parentPath } from '../../swap/byte-path.ts'

/** Where in a container something is written: the engine takes a folder that is there, and names below it. */
export interface ContainerPlace {
  readonly folder: BytePath
  /** From the folder on; folders in between are made. */
  readonly name: string
}

/**
 * From the root on, so that files with several names keep setuid; where the container's own file system is read-only, the
 * engine takes only folders of volumes: the nearest that is there.
 */
export async function placeInContainer(
  engine: DockerEngine,
  { id, name }: ContainerSummary,
  path: string,
  signal: AbortSignal,
): Promise<ContainerPlace> {
  const whole = bytePath(path)
  const { HostConfig } = await engine.ask(`look at the container ${name}`, (api) => api.getContainer(id).inspect())
  if (HostConfig.ReadonlyRootfs === true) {
    for (let folder = parentPath(whole); folder !== '/'; folder = parentPath(folder)) {
      if (await statPath(engine, id, folder, signal)) return { folder, name: whole.slice(folder.length + 1) }
    }
  }
  return { folder: '/', name: whole.slice(1) }
}

/** `CONTAINER:/path`, as `docker cp` has it. */
export function parseContainerPlace(to: string): { readonly container: string; readonly path: string } | undefined {
  const [, container, path] = /^([A-Za-z0-9][\w.-]*):(\/.*)$/.exec(to) ?? []
  if (container === undefined || path === undefined) return undefined
  return { container, path: path.replace(/\/+$/, '') || '/' }
}

/** Under which a saved path is to be: its own place by default. */
export interface PlacedPath {
  readonly from: string
  readonly to: string
}

/** One saved path takes the name; of several, each comes below it under its whole path. */
export function placedBelow(paths: readonly string[], to: string): readonly PlacedPath[] {
  if (paths.length === 1) return [{ from: paths[0]!, to: to === '/' ? `/${nameOf(paths[0]!)}` : to }]
  return paths.map((from) => ({ from, to: to === '/' ? from : `${to}${from}` }))
}
