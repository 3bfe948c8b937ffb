import { randomUUID } from 'node:crypto'
import { DockerError, isConflict } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { HelperWork } from '../helper-with.ts'
import { specOf } from '../volume-facts.ts'
import { createVolume, findVolume, removeVolume, type Volume, type VolumeSpec } from '../volume.ts'
import { copyThroughEngine, countVolume } from './archive-content.ts'
import type { FreshVolume } from './build-volume.ts'
import { compare } from './build-volume.ts'
import { notFilled } from './not-filled.ts'
import { finished, removedFilling } from './settle-findings.ts'
import type { SwappedVolume } from './swap-volume.ts'
import { fillingLabels, fillingVolumeName, freeKeptName, keptLabels, LABELS, specOfLabel } from './volume-labels.ts'

/**
 * Puts the content of one volume in the place of another's where nothing can be renamed: the old is copied, then the volume is
 * removed, made again and filled. The engine's archive API removes no files.
 *
 * What is done is written down as volumes: a copy is whole when the volume that it makes room for is gone; while there is
 * one that says that a volume is being filled, `settleVolumes` fills it again.
 *
 * @param live no container has it, not even a stopped one
 * @throws what was there is in its place then, or the fresh volume is left for `settleVolumes`
 */
export async function replaceContent(
  engine: DockerEngine,
  live: Volume,
  fresh: Pick<FreshVolume, 'volume' | 'leave'>,
  time: Date,
  context: ReadContext,
): Promise<SwappedVolume> {
  const kept = await copyOf(engine, live, fresh.volume, time, context)
  const spec = specOf(live)
  // From here on it is all or nothing, whoever wants to stop.
  const lasting = engine.outlastingStops()
  const unstopped = { signal: new AbortController().signal, log: context.log }
  const mark = await markReplacing(lasting, spec, fresh.volume, kept)
  const refusal = await refusalToRemove(lasting, live.name)
  if (refusal) {
    await removeVolume(lasting, mark)
    await removeVolume(lasting, kept.name)
    throw refusal
  }
  fresh.leave()
  const filled = await refillFor(lasting, { spec, from: fresh.volume, kept }, unstopped)
  await removeVolume(lasting, fresh.volume.name)
  await removeVolume(lasting, mark)
  return {
    live: filled,
    kept,
    async undo() {
      const again = await markFilling(lasting, fillingLabels(spec, { from: kept.name, kept: kept.name }))
      await refillFor(lasting, { spec, from: kept, kept }, unstopped)
      await removeVolume(lasting, kept.name)
      await removeVolume(lasting, again)
    },
  }
}

/**
 * Makes a volume that is not there, and has it filled. While that goes on, another volume says so; by a label that both have it
 * is known later that this is the one.
 *
 * @throws what filling throws: the volume is gone again
 */
export async function createFilled(
  engine: DockerEngine,
  spec: VolumeSpec,
  fill: (volume: Volume) => Promise<void>,
): Promise<Volume> {
  const lasting = engine.outlastingStops()
  const restored = { [LABELS.restored]: randomUUID() }
  const mark = await markFilling(engine, { ...fillingLabels(spec), ...restored })
  try {
    const volume = await createVolume(engine, { ...spec, labels: { ...spec.labels, ...restored } })
    await fill(volume)
    await removeVolume(lasting, mark)
    return volume
  } catch (error) {
    await undoFilling(lasting, spec.name, mark, restored[LABELS.restored])
    throw error
  }
}

/** Where that cannot be done, what says that it is being filled stays, and the next start does it. */
async function undoFilling(engine: DockerEngine, name: string, mark: string, restored: string): Promise<void> {
  try {
    await removeFilled(engine, name, restored)
    await removeVolume(engine, mark)
  } catch (error) {
    if (!(error instanceof DockerError)) throw error
  }
}

/** What was interrupted while a volume was being filled. */
export async function finishFilling(engine: DockerEngine, mark: Volume, signal: AbortSignal): Promise<Finding[]> {
  const { [LABELS.from]: from, [LABELS.keeps]: kept = '' } = mark.labels
  const spec = specOfLabel(mark)
  if (from === undefined || !spec) {
    const name = mark.labels[LABELS.filling]!
    const isRemoved = await removeFilled(engine, name, mark.labels[LABELS.restored])
    await removeVolume(engine, mark.name)
    return isRemoved ? [removedFilling(name)] : []
  }
  const source = await findVolume(engine, from)
  if (source) {
    await refill(engine, spec, source, { signal })
    await removeVolume(engine, from)
  }
  await removeVolume(engine, mark.name)
  return [finished(spec.name, kept)]
}

/** @returns whether it was there; one of the same name that somebody else has made meanwhile is not */
async function removeFilled(engine: DockerEngine, name: string, restored: string | undefined): Promise<boolean> {
  const volume = await findVolume(engine, name)
  if (!volume || restored === undefined || volume.labels[LABELS.restored] !== restored) return false
  await removeVolume(engine, name)
  return true
}

async function markReplacing(engine: DockerEngine, spec: VolumeSpec, from: Volume, kept: Volume): Promise<string> {
  try {
    return await markFilling(engine, fillingLabels(spec, { from: from.name, kept: kept.name }))
  } catch (error) {
    await removeVolume(engine, kept.name)
    throw error
  }
}

async function copyOf(
  engine: DockerEngine,
  live: Volume,
  fresh: Volume,
  time: Date,
  context: ReadContext,
): Promise<Volume> {
  const { driver, options } = live
  const labels = {
    ...keptLabels({ spec: specOf(live), time, from: fresh.name, source: context.source, stack: context.stack }),
    [LABELS.copied]: 'true',
  }
  const kept = await createVolume(engine, {
    name: await freeKeptName(engine, live.name, time),
    driver,
    options,
    labels,
  })
  try {
    await copy(engine, live, kept, context)
    return kept
  } catch (error) {
    await removeVolume(engine.outlastingStops(), kept.name)
    throw error
  }
}

/** While somebody has a volume, the engine does not touch it. Any other failure may have removed some of it. */
async function refusalToRemove(engine: DockerEngine, name: string): Promise<unknown> {
  try {
    await removeVolume(engine, name)
  } catch (error) {
    if (isConflict(error)) return error
  }
  return undefined
}

interface Refill {
  readonly spec: VolumeSpec
  readonly from: Volume
  readonly kept: Volume
}

/** @throws {NotFilledError} says in which state the volume is, and what to do */
async function refillFor(engine: DockerEngine, { spec, from, kept }: Refill, work: HelperWork): Promise<Volume> {
  try {
    return await refill(engine, spec, from, work)
  } catch (error) {
    throw await notFilled(engine, { name: spec.name, from: from.name, kept: kept.name }, error)
  }
}

async function refill(engine: DockerEngine, spec: VolumeSpec, from: Volume, work: HelperWork): Promise<Volume> {
  await removeVolume(engine, spec.name)
  const volume = await createVolume(engine, spec)
  await copy(engine, from, volume, work)
  return volume
}

async function copy(engine: DockerEngine, from: Volume, to: Volume, work: HelperWork): Promise<void> {
  await copyThroughEngine(engine, from.name, to.name, work)
  await compare({ engine, ...work }, to, 'archive', await countVolume(engine, from.name, work))
}

async function markFilling(engine: DockerEngine, labels: Record<string, string>): Promise<string> {
  const name = fillingVolumeName(labels[LABELS.filling]!)
  await createVolume(engine, { name, driver: 'local', options: {}, labels })
  return name
}
