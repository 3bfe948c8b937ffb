import type { DockerEngine } from '../../../docker/engine.ts'
import type { ReadContext } from '../../source-kind.ts'
import { createVolume, removeVolume, type Volume } from '../volume.ts'
import { specOf } from '../volume-facts.ts'
import type { ExchangeStep } from './exchange-record.ts'
import { freeKeptName, keptLabels } from './volume-labels.ts'
import { hasContent, isEmptyContent, moveContent, syncContents } from './volume-content.ts'

/** A volume whose content was replaced. */
export interface SwappedVolume {
  readonly live: Volume
  /** Has what was there before. */
  readonly kept: Volume
  /** What {@link undo} does, to be written down before. */
  readonly back: ExchangeStep
  /** Puts back what was there before; what was put there is in the fresh volume again, where that can be. */
  undo(): Promise<void>
}

/** A volume whose content is about to be replaced: there is a place for what is in it. Nothing has changed yet. */
export interface PreparedSwap {
  readonly step: ExchangeStep
  /** @throws what was there is in its place then, unless it is a `NotFilledError` */
  replace(): Promise<SwappedVolume>
  /** Removes what was made for it. */
  drop(): Promise<void>
}

/**
 * Makes ready to put the content of one volume in the place of another's, in steps that may end at any of them, by a kill or
 * a loss of power. How far it came is seen by which of the three has a content:
 *
 * 1. The volume that will keep the old one is made, and says on labels what it is for. Nothing has changed yet.
 * 2. The old content is renamed into it. The volume has no content now, and cannot be mounted.
 * 3. The fresh content is renamed into its place.
 *
 * The fresh volume is left without a content; whoever calls removes it.
 *
 * @param live nobody uses it
 * @param time under which the old is kept
 */
export async function prepareSwap(
  engine: DockerEngine,
  live: Volume,
  fresh: Volume,
  time: Date,
  { source, stack }: Pick<ReadContext, 'source' | 'stack'>,
): Promise<PreparedSwap> {
  const { driver, options } = live
  const spec = specOf(live)
  const name = await freeKeptName(engine, live.name, time)
  const lasting = engine.outlastingStops()
  const labels = keptLabels({ spec, time, from: fresh.name, source, stack })
  const kept = await createVolume(lasting, { name, driver, options, labels })
  return {
    step: { way: 'direct', spec, from: fresh.name, to: name },
    async replace() {
      try {
        await moveContent(live, kept)
        await moveContent(fresh, live)
        await syncContents(live, fresh, kept)
      } catch (error) {
        await putBack(live, fresh, kept)
        throw error
      }
      return {
        ...{ live, kept, back: { way: 'direct', spec, from: name, to: fresh.name } },
        async undo() {
          await putBack(live, fresh, kept)
          await syncContents(live, fresh, kept)
          await removeEmpty(lasting, kept)
        },
      }
    },
    drop: () => removeEmpty(lasting, kept),
  }
}

/** From wherever the exchange was. When the old cannot be put back, the fresh stays in place, and the old is kept. */
async function putBack(live: Volume, fresh: Volume, kept: Volume): Promise<void> {
  if (!(await hasContent(fresh))) await moveContent(live, fresh)
  if (await hasContent(live)) return
  try {
    await moveContent(kept, live)
  } catch (error) {
    if (!(await hasContent(live))) await moveContent(fresh, live)
    throw error
  }
}

/** Never with the old content in it. */
async function removeEmpty(engine: DockerEngine, kept: Volume): Promise<void> {
  if ((await hasContent(kept)) && !(await isEmptyContent(kept))) return
  await removeVolume(engine, kept.name)
}
