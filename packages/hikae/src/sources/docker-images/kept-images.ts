import type { KeptCopy, ReadContext, RestorePlan } from '../source-kind.ts'
import type { DockerImagesConfig } from './config.ts'
import { listImages, openImagesEngine, removeName } from './engine-images.ts'
import { type KeptName, parseKeptName } from './kept-name.ts'
import { readChangedNames } from './restore/changed-names.ts'
import { giveNames, planNames, stepFor } from './restore/names.ts'

/** An image that lost its name to a restored one. */
interface KeptImage extends KeptName {
  readonly id: string
  /** What it is called now. */
  readonly keptName: string
}

/** What restores of this source have taken names from; those of one restore are one. */
export async function keptImages(config: DockerImagesConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  const ours = new Set((await readChangedNames(context)).flatMap((changed) => changed.kept))
  await using engine = await openImagesEngine(config, context)
  const kept = (await listImages(engine)).flatMap(({ id, tags }) =>
    tags.flatMap((keptName): KeptImage[] => {
      const parsed = parseKeptName(keptName)
      return parsed && ours.has(keptName) ? [{ ...parsed, id, keptName }] : []
    }),
  )
  return [...Map.groupBy(kept, ({ moment }) => moment).values()].toSorted(newestFirst).map((images) => ({
    time: images[0]!.time,
    place: images.map(({ keptName }) => keptName).join(', '),
    planUndo: (context) => planUndo(images, config, context),
    remove: (context) => remove(images, config, context),
  }))
}

function newestFirst([one]: readonly KeptImage[], [other]: readonly KeptImage[]): number {
  return other!.moment.localeCompare(one!.moment, 'en', { numeric: true })
}

/** Names go back to the images that had them; those that nothing had before are taken away. */
async function planUndo(
  images: readonly KeptImage[],
  config: DockerImagesConfig,
  context: ReadContext,
): Promise<RestorePlan> {
  await using engine = await openImagesEngine(config, context)
  const changed = (await readChangedNames(context)).filter(({ moment }) => moment === images[0]!.moment)
  const absent = changed.flatMap(({ added }) => added.map((name) => ({ name, id: undefined })))
  const planned = await planNames(engine, [...images, ...absent])
  return {
    steps: [...planned.map(stepFor), ...images.map(({ keptName }) => `remove the name ${keptName}`)],
    async apply(stop) {
      const signal = AbortSignal.any([stop, context.signal])
      await using engine = await openImagesEngine(config, { ...context, signal })
      const kept = await giveNames(engine, planned, context)
      for (const { keptName } of images) await removeName(engine, keptName)
      const place = planned.map(({ name }) => name).join(', ')
      return { place, findings: [], ...(kept.length === 0 ? {} : { kept: kept.join(', ') }) }
    },
  }
}

async function remove(images: readonly KeptImage[], config: DockerImagesConfig, context: ReadContext): Promise<void> {
  await using engine = await openImagesEngine(config, context)
  for (const { keptName } of images) await removeName(engine, keptName)
}
