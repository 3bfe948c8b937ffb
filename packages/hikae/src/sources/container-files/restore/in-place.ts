import type { ContainerSummary } from '../../../docker/containers/container.ts'
import { holdContainers } from '../../../docker/quiesce/hold.ts'
import type { ReadContext, Restored, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { ContainerFilesConfig } from '../config.ts'
import { amount, containerFacts } from '../container-facts.ts'
import { findChosenContainer } from '../../../docker/containers/find-chosen-container.ts'
import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { forgetBegun, takeRestoreLock } from './begun.ts'
import { holdingSteps } from './holding.ts'
import { keepFiles, markBegun } from './kept-files.ts'
import { undone } from './put-back.ts'
import { lookAtPresent, type Present } from './surplus.ts'
import { proveReadable, writePaths } from './write-paths.ts'

/**
 * Where it was, in the container that has the name now. The engine has no way to rename or remove anything in a container, so
 * nothing can be swapped: what is there is kept on this host first, and then written over, file by file.
 */
export async function planInPlace(
  config: ContainerFilesConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<RestorePlan> {
  const { paths } = containerFacts(point)
  await using engine = await openConfiguredEngine(config, context)
  const container = await findChosenContainer(engine, config)
  const present: Present[] = []
  for (const { path } of paths) present.push(await lookAtPresent(engine, container, path, point, context.signal))
  return {
    steps: [
      'read the whole backup, so that nothing is begun with a damaged one',
      ...keepingSteps(present, container),
      ...holdingSteps(config, container),
      `write ${paths.map(({ path }) => path).join(', ')} into the container ${container.name} (${amount(paths)}): file by file, not in one step`,
      ...present.flatMap(surplusStep),
      'read it back and compare it; when something fails, write back what was kept',
    ],
    apply: (signal) => restoreInPlace(config, point, { ...context, signal }),
  }
}

async function restoreInPlace(
  config: ContainerFilesConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<Restored> {
  const placed = containerFacts(point).paths.map(({ path }) => ({ from: path, to: path }))
  await using engine = await openConfiguredEngine(config, context)
  await proveReadable(point, placed, context.signal)
  const container = await findChosenContainer(engine, config)
  using _ = await takeRestoreLock(context)
  await using hold = await holdContainers(engine, [container], config.quiesce, context)
  const paths = placed.map(({ to }) => to)
  const kept = await keepFiles(engine, container, paths, context)
  await markBegun(kept, true)
  try {
    await writePaths(engine, container, placed, point, context.signal)
  } catch (error) {
    throw await undone(error, engine, container, kept, () => markBegun(kept, false))
  }
  await forgetBegun(paths, context)
  const { findings } = await hold.release()
  return {
    place: `${container.name}: ${paths.join(', ')}`,
    ...(kept.paths.some(({ archive }) => archive !== null) ? { kept: kept.folder } : {}),
    findings,
  }
}

function keepingSteps(present: readonly Present[], { name }: ContainerSummary): string[] {
  const there = present.filter(({ isThere }) => isThere).map(({ path }) => path)
  const absent = present.filter(({ isThere }) => !isThere).map(({ path }) => path)
  return [
    ...(there.length === 0 ? [] : [`keep what is in ${there.join(', ')} of ${name} now, as tar archives on this host`]),
    ...(absent.length === 0 ? [] : [`${absent.join(', ')}: nothing is there now`]),
  ]
}

function surplusStep({ path, surplus, examples }: Present): string[] {
  if (surplus === 0) return []
  const more = surplus > examples.length ? ', …' : ''
  return [`${surplus} that are in ${path} and not in the backup stay: ${examples.join(', ')}${more}`]
}
