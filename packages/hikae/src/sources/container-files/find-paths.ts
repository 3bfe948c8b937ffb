import { type PathStat, statPath } from '../../docker/archive/path-stat.ts'
import { type ContainerSummary, isAlive } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import type { Finding } from '../finding.ts'
import { bytePath, isWithin } from '../swap/byte-path.ts'

/** What of the paths can be read. */
export interface FoundPaths {
  /** None is below another. */
  readonly paths: readonly string[]
  /** What cannot be had. */
  readonly findings: readonly Finding[]
  /** What is worth knowing, and no trouble. */
  readonly remarks: readonly string[]
}

/** Looks what is at the paths, without reading any of it. @throws {DockerError} */
export async function findContainerPaths(
  engine: DockerEngine,
  container: ContainerSummary,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<FoundPaths> {
  const findings: Finding[] = []
  const found = new Map<string, PathStat>()
  const memory = await memoryMounts(engine, container)
  for (const path of outermost(wanted)) {
    const inMemory = memory.find((mount) => isWithin(path, mount) || isWithin(mount, path))
    if (inMemory !== undefined) findings.push(isInMemory(path, inMemory, container))
    if (inMemory !== undefined && isWithin(path, inMemory)) continue
    const stat = await statPath(engine, container.id, bytePath(path), signal)
    if (stat) found.set(path, stat)
    else findings.push(isMissing(path, container))
  }
  const paths = [...found.keys()]
  for (const [path, { type, linkTarget }] of found) {
    if (type === 'symlink' && !paths.some((other) => isWithin(linkTarget, other)))
      findings.push(isLink(path, linkTarget))
  }
  return { paths, findings, remarks: remarksOn(paths, container) }
}

function outermost(paths: readonly string[]): readonly string[] {
  const distinct = [...new Set(paths)]
  return distinct.filter((path) => !distinct.some((other) => other !== path && isWithin(path, other)))
}

/** What only the processes of a container see: the engine reads what is beneath. */
async function memoryMounts(engine: DockerEngine, container: ContainerSummary): Promise<readonly string[]> {
  if (!isAlive(container)) return []
  const { HostConfig } = await engine.ask(`look at the container ${container.name}`, (api) =>
    api.getContainer(container.id).inspect(),
  )
  const mounted = container.mounts.filter(({ type }) => type === 'tmpfs').map(({ destination }) => destination)
  return [...mounted, ...Object.keys((HostConfig.Tmpfs as Record<string, string> | null | undefined) ?? {})]
}

function isInMemory(path: string, mount: string, { name }: ContainerSummary): Finding {
  return {
    severity: 'error',
    message: `${mount} of ${name} is a tmpfs: what is in it is in memory, and Docker cannot read it`,
    hint: isWithin(path, mount)
      ? 'leave the path out, or keep it in a volume'
      : `name the folders beside it instead of ${path}, or keep it in a volume`,
  }
}

function isMissing(path: string, { name, state }: ContainerSummary): Finding {
  return {
    severity: 'error',
    message: `there is no ${path} in the container ${name}`,
    hint:
      state === 'created'
        ? 'the container was never started, and may make it when it is'
        : `correct it, or take it out of paths; \`docker diff ${name}\` lists what the container has made`,
  }
}

function isLink(path: string, target: string): Finding {
  return {
    severity: 'error',
    message: `${path} is a symlink to ${target}: only the link is saved, and not what it leads to`,
    hint: `name ${target} in paths too, or instead`,
  }
}

function remarksOn(paths: readonly string[], { name, mounts }: ContainerSummary): string[] {
  return paths.flatMap((path) =>
    mounts
      .filter(
        ({ type, destination }) => type !== 'tmpfs' && (isWithin(path, destination) || isWithin(destination, path)),
      )
      .map(({ type, name: volume, source, destination }) => {
        const [what, kind] = type === 'volume' ? [`volume ${volume}`, 'docker-volumes'] : [`folder ${source}`, 'files']
        return `${destination} of ${name} is the ${what} of the host: the kind ${kind} reads it faster`
      }),
  )
}
