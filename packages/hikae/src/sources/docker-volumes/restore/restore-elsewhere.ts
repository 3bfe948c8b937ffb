import { isComposeLabel } from '../../../docker/compose/labels.ts'
import { listContainers } from '../../../docker/containers/container.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { InputError } from '../../../errors.ts'
import type { ReadContext, Restored, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { DockerVolumesConfig } from '../config.ts'
import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { type SavedVolume, specOf, volumesFacts } from '../volume-facts.ts'
import { usersOf } from '../volume-users.ts'
import { findVolume, type VolumeSpec } from '../volume.ts'
import { fillVolume } from './build-volume.ts'
import { createFilled } from './made-volume.ts'
import { refuseMounted } from './refuse-mounted.ts'
import { removeLeft } from './remove-left.ts'
import { settleVolumes } from './settle-volumes.ts'
import { targetNames } from './target-names.ts'

/** The labels of a new volume. */
export type Relabel = (saved: SavedVolume, name: string) => Record<string, string>

interface NewVolume {
  readonly saved: SavedVolume
  readonly spec: VolumeSpec
}

/**
 * Into volumes that are not there yet, with the driver, the options and the labels of the old ones. Labels of Compose, by which
 * it takes a volume for its own, stay only with the name.
 *
 * @param to see {@link targetNames}
 * @param relabel which labels a new volume gets
 * @throws {InputError} a volume of that name is there, or the old one's options lead to live data
 */
export async function planElsewhere(
  config: DockerVolumesConfig,
  point: SourcePoint,
  to: string,
  context: ReadContext,
  relabel: Relabel = labelsFor,
): Promise<RestorePlan> {
  const { volumes } = volumesFacts(point)
  const wanted = targetNames(
    to,
    volumes.map(({ name }) => name),
  ).map(({ saved, name }): NewVolume => {
    const volume = volumes.find((each) => each.name === saved)!
    return { saved: volume, spec: { ...specOf(volume), name, labels: relabel(volume, name) } }
  })
  await using engine = await openConfiguredEngine(config, context)
  for (const each of wanted) {
    refuseMounted(each.saved)
    await refuseExisting(engine, each)
  }
  return {
    steps: wanted.flatMap(stepsFor),
    apply: (signal) => create(config, point, wanted, { ...context, signal }),
  }
}

async function create(
  config: DockerVolumesConfig,
  point: SourcePoint,
  wanted: readonly NewVolume[],
  context: ReadContext,
): Promise<Restored> {
  await using engine = await openConfiguredEngine(config, context)
  for (const { message } of await settleVolumes(engine, context)) context.log(message)
  await using made = new AsyncDisposableStack()
  for (const each of wanted) {
    const { saved, spec } = each
    await refuseExisting(engine, each)
    const work = { engine, point, read: config.read, context }
    await createFilled(engine, spec, async (volume) => void (await fillVolume(work, saved.name, volume)))
    made.defer(() => removeLeft(engine, spec.name, context))
  }
  made.move()
  return { place: wanted.map(({ spec }) => `volume ${spec.name}`).join(', '), findings: [] }
}

function stepsFor({ saved, spec }: NewVolume): string[] {
  const { name, files, bytes } = saved
  const isWithout = Object.keys(saved.labels).some((label) => isComposeLabel(label) && spec.labels[label] === undefined)
  return [
    `make the volume ${spec.name} with the driver ${spec.driver} and the options and labels of ${name}`,
    ...(isWithout
      ? [`leave labels of Compose out, because a volume of another name is not the one that Compose would look for`]
      : []),
    `fill it with what was saved of ${name} (${files} files, ${bytes} bytes), and compare; it is removed again when that fails`,
  ]
}

/** What a restore made of another volume is nobody's business here. */
function labelsFor({ name: old, labels }: SavedVolume, name: string): Record<string, string> {
  const kept = Object.entries(labels).filter(([key]) => name === old || !isComposeLabel(key))
  return Object.fromEntries(kept)
}

async function refuseExisting(engine: DockerEngine, { saved, spec }: NewVolume): Promise<void> {
  const there = await findVolume(engine, spec.name)
  if (!there) return
  const users = usersOf([there], await listContainers(engine))[0]!.all.map(({ name }) => name)
  const facts = [
    'is there already',
    ...(users.length > 0 ? [`is in use by ${users.join(', ')}`] : []),
    ...(there.driver === saved.driver ? [] : [`has the driver ${there.driver}, and not ${saved.driver}`]),
  ]
  const removal = users.length > 0 ? '' : `, remove it with \`docker volume rm ${spec.name}\` if nobody needs it`
  const back =
    spec.name === saved.name ? ', or leave --to out: it is restored in place then, and what is there is kept' : ''
  throw new InputError(`the volume ${spec.name} ${facts.join(', ')}`, { hint: `choose another name${removal}${back}` })
}
