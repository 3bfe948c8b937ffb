import type { DockerEngine } from '../../../docker/engine.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { DockerImagesConfig } from '../config.ts'
import { findImage, loadImage, openImagesEngine } from '../engine-images.ts'
import type { ImageFacts, ImagesFacts } from '../image-facts.ts'
import { shortImageId } from '../reference.ts'
import { dockerArchive } from './docker-archive.ts'
import { giveNames, isTaken, type PlannedName, planNames, stepFor } from './names.ts'
import { namesBelow } from './prefix.ts'

export interface EngineRestore {
  readonly config: DockerImagesConfig
  readonly point: SourcePoint
  readonly facts: ImagesFacts
  /** Before each name; in place when absent. */
  readonly prefix: string | undefined
  readonly context: ReadContext
}

/** Into the engine: images that are not there are loaded, and all get the names that they had. */
export async function planEngineRestore(restore: EngineRestore): Promise<RestorePlan> {
  const { config, facts, prefix, context } = restore
  await using engine = await openImagesEngine(config, context)
  const missing: ImageFacts[] = []
  for (const image of facts.images) if (!(await findImage(engine, image.id))) missing.push(image)
  const wanted = facts.images.flatMap(({ id, tags }) =>
    (prefix === undefined ? tags : namesBelow(prefix, tags)).map((name) => ({ name, id })),
  )
  const names = await planNames(engine, wanted)
  if (prefix !== undefined) refuseTaken(names)
  return {
    steps: [
      ...facts.images.map((image) => imageStep(image, missing.includes(image), engine.address)),
      ...names.map(stepFor),
    ],
    apply: (signal) => apply(restore, names, signal),
  }
}

async function apply(
  { config, point, facts, prefix, context }: EngineRestore,
  names: PlannedName[],
  stop: AbortSignal,
) {
  const signal = AbortSignal.any([stop, context.signal])
  await using engine = await openImagesEngine(config, { ...context, signal })
  for (const image of facts.images) {
    if (!(await findImage(engine, image.id))) await load(engine, point, { facts, image, signal })
    await compare(engine, image)
  }
  const kept = await giveNames(engine, names, context)
  const given = names.map(({ name }) => name)
  return {
    place: given.length === 0 ? facts.images.map(({ id }) => shortImageId(id)).join(', ') : given.join(', '),
    findings: prefix === undefined ? await lostDigests(engine, facts.images) : [],
    ...(kept.length === 0 ? {} : { kept: kept.join(', ') }),
  }
}

async function load(
  engine: DockerEngine,
  point: SourcePoint,
  { facts, image, signal }: { readonly facts: ImagesFacts; readonly image: ImageFacts; readonly signal: AbortSignal },
): Promise<void> {
  const archive = dockerArchive(point, facts, { images: [image], tagsOf: () => [] })
  await loadImage(engine, archive, { id: image.id, signal })
}

async function compare(engine: DockerEngine, { id, layers }: ImageFacts): Promise<void> {
  const found = await findImage(engine, id)
  if (found?.layers.join() === layers.join()) return
  throw new DockerError(`the image ${shortImageId(id)} was loaded, but is not there as it was saved`, {
    hint: 'look at the log of the engine',
  })
}

/** A digest is given by a registry; without one, nothing brings it back. */
async function lostDigests(engine: DockerEngine, images: readonly ImageFacts[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { id, digests } of images) {
    for (const digest of digests) {
      if (await findImage(engine, digest)) continue
      findings.push({
        severity: 'warning',
        message: `${digest} does not lead to the image ${shortImageId(id)}, which is there: only a registry gives an image its digest`,
        hint: `where it is used, write ${id} or a name instead; or push the image to a registry, and write the digest that it gets there`,
      })
    }
  }
  return findings
}

function imageStep({ id, tags, layers }: ImageFacts, isMissing: boolean, address: string): string {
  const names = tags.length === 0 ? 'without a name' : tags.join(', ')
  if (!isMissing) return `the image ${shortImageId(id)} (${names}) is at ${address} already`
  return `load the image ${shortImageId(id)} (${names}; ${layers.length} layers) into ${address}, each layer compared with its digest, and compare its id`
}

function refuseTaken(names: readonly PlannedName[]): void {
  const taken = names.find(isTaken)
  if (!taken) return
  throw new InputError(`${taken.name} is the name of another image`, {
    hint: 'choose another prefix, or remove that name',
  })
}
