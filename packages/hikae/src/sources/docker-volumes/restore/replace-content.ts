import { isConflict } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { HelperWork } from '../helper-with.ts'
import { specOf } from '../volume-facts.ts'
import { createVolume, findVolume, listVolumes, removeVolume, type Volume, type VolumeSpec } from '../volume.ts'
import { copyThroughEngine, countVolume } from './archive-content.ts'
import { compare } from './build-volume.ts'
import type { ExchangeStep } from './exchange-record.ts'
import { markFilling, removeFilled } from './made-volume.ts'
import { notFilled } from './not-filled.ts'
import { finished, putBack, removedFilling } from './settle-findings.ts'
import type { PreparedSwap } from './swap-volume.ts'
import { fillingLabels, freeKeptName, keptLabels, LABELS, specOfLabel } from './volume-labels.ts'

/**
 * Makes ready to put the content of one volume in the place of another's where nothing can be renamed: the old is copied. Then
 * the volume is removed, made again and filled. The engine's archive API removes no files.
 *
 * What is done is written down as volumes: while there is one that says that a volume is being filled, `settleVolumes` fills
 * it again.
 *
 * @param live no container has it, not even a stopped one
 */
export async function prepareReplacing(
  engine: DockerEngine,
  live: Volume,
  fresh: Volume,
  time: Date,
  context: ReadContext,
): Promise<PreparedSwap> {
  const kept = await copyOf(engine, live, fresh, time, context)
  const spec = specOf(live)
  // Once begun, it is all or nothing, whoever wants to stop.
  const lasting = engine.outlastingStops()
  const unstopped = { signal: new AbortController().signal, log: context.log }
  return {
    step: { way: 'archive', spec, from: fresh.name, to: kept.name },
    async replace() {
      const mark = await markFilling(lasting, fillingLabels(spec, { from: fresh.name, kept: kept.name }))
      const refusal = await refusalToRemove(lasting, live.name)
      if (refusal) {
        await removeVolume(lasting, mark)
        throw refusal
      }
      const filled = await refillFor(lasting, { spec, from: fresh, kept }, unstopped)
      await removeVolume(lasting, fresh.name)
      await removeVolume(lasting, mark)
      return {
        live: filled,
        kept,
        back: { way: 'archive', spec, from: kept.name, to: kept.name },
        async undo() {
          const again = await markFilling(lasting, fillingLabels(spec, { from: kept.name, kept: kept.name }))
          await refillFor(lasting, { spec, from: kept, kept }, unstopped)
          await removeVolume(lasting, kept.name)
          await removeVolume(lasting, again)
        },
      }
    },
    drop: () => removeVolume(lasting, kept.name),
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
  return [from === kept ? putBack([spec.name]) : finished([spec.name], [kept])]
}

/** The same for a volume of several that are replaced together, also when it was not begun. */
export async function finishReplacing(
  engine: DockerEngine,
  { spec, from, to }: ExchangeStep,
  signal: AbortSignal,
): Promise<void> {
  const mark = await markOf(engine, spec.name, from)
  if (!mark && !(await findVolume(engine, from))) return
  const labels = fillingLabels(spec, { from, kept: to })
  const name = mark?.name ?? (await markFilling(engine, labels))
  await finishFilling(engine, (await findVolume(engine, name))!, signal)
}

/** What says that a volume is being filled from another. */
export async function markOf(engine: DockerEngine, name: string, from: string): Promise<Volume | undefined> {
  return (await listVolumes(engine)).find(
    ({ labels }) => labels[LABELS.filling] === name && labels[LABELS.from] === from,
  )
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
