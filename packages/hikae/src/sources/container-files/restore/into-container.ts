import { openArchiveEntry } from '../../../docker/archive/open-archive.ts'
import { statPath } from '../../../docker/archive/path-stat.ts'
import { type ContainerSummary, findContainer } from '../../../docker/containers/container.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { ReadContext, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath, isWithin } from '../../swap/byte-path.ts'
import type { ContainerFilesConfig } from '../config.ts'
import { amount, containerFacts } from '../container-facts.ts'
import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { entriesBelow } from './entries-below.ts'
import { placedBelow } from './place.ts'
import { proveReadable, writePaths } from './write-paths.ts'

/** Into a container where nothing is at the place, or an empty folder. */
export async function planIntoContainer(
  config: ContainerFilesConfig,
  { container: name, path: to }: { readonly container: string; readonly path: string },
  point: SourcePoint,
  context: ReadContext,
): Promise<RestorePlan> {
  const { paths } = containerFacts(point)
  const placed = placedBelow(
    paths.map(({ path }) => path),
    to,
  )
  await using engine = await openConfiguredEngine(config, context)
  const container = await findContainer(engine, name)
  for (const { to: place } of placed) await refuseTaken(engine, container, place, context.signal)
  return {
    steps: [
      'read the whole backup, so that nothing is begun with a damaged one',
      ...placed.map(({ from, to: place }) => `write ${from} to ${place} of the container ${container.name}`),
      `read it back there and compare it (${amount(paths)})`,
      ...(to === '/' || isMounted(to, container)
        ? []
        : [`it is in the container ${container.name} only: whoever makes that anew begins without it`]),
    ],
    async apply(signal) {
      await using again = await openConfiguredEngine(config, { ...context, signal })
      await proveReadable(point, placed, signal)
      await writePaths(again, await findContainer(again, name), placed, point, signal)
      return { place: `${container.name}:${to}`, findings: [] }
    },
  }
}

function isMounted(path: string, { mounts }: ContainerSummary): boolean {
  return mounts.some(({ destination }) => isWithin(path, destination))
}

async function refuseTaken(
  engine: DockerEngine,
  container: ContainerSummary,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const there = await statPath(engine, container.id, bytePath(path), signal)
  if (!there) return
  if (there.type === 'directory' && (await isEmptyFolder(engine, container, path, signal))) return
  throw new DockerError(`${path} is there in the container ${container.name}, and is no empty folder`, {
    hint: 'choose another path; without --to it is restored in place, and what is there is kept',
  })
}

async function isEmptyFolder(
  engine: DockerEngine,
  { id }: ContainerSummary,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  await using archive = await openArchiveEntry(engine, id, bytePath(path), signal)
  for await (const { path: at } of entriesBelow(archive.entry, signal)) if (at !== '') return false
  return true
}
