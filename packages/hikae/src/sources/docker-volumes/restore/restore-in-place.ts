import { listContainers } from '../../../docker/containers/container.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { InputError } from '../../../errors.ts'
import type { ReadContext, Restored, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { accessTo, type VolumeAccess } from '../access.ts'
import type { DockerVolumesConfig } from '../config.ts'
import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { type SavedVolume, specOf, volumesFacts } from '../volume-facts.ts'
import { usersOf } from '../volume-users.ts'
import { findVolume, type Volume } from '../volume.ts'
import { buildVolume, fillVolume, type FreshVolume, type VolumeWork } from './build-volume.ts'
import { exchange } from './exchange.ts'
import { runningUsers } from './hold-users.ts'
import { refuseMounted } from './refuse-mounted.ts'
import { removeLeft } from './remove-left.ts'
import { makeFilled, type MadeVolume } from './made-volume.ts'
import { settleVolumes } from './settle-volumes.ts'

/** One that was saved, and what is in its place now. */
interface Place {
  readonly saved: SavedVolume
  readonly live: Volume | undefined
  readonly way: VolumeAccess['way']
}

/**
 * Where they were. All of them are built beside and compared before anything is stopped or replaced; those that are gone are
 * made again.
 *
 * @throws {InputError} one cannot be replaced
 */
export async function planInPlace(
  config: DockerVolumesConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<RestorePlan> {
  const { volumes } = volumesFacts(point)
  await using engine = await openConfiguredEngine(config, context)
  const places = await placesOf(engine, volumes, config)
  const running = await runningUsers(engine, present(places))
  const names = running.map(({ name }) => name).join(', ')
  return {
    steps: [
      ...places.filter(({ live }) => !live).map(stepForGone),
      ...places.filter(({ live }) => live).map(stepForBuild),
      ...(running.length > 0 ? [`stop what runs with them: ${names}`] : []),
      ...places.filter(({ live }) => live).map(stepForSwap),
      ...(running.length > 0
        ? [`start ${names} again, and wait until they are well; when they are not, what was there before is put back`]
        : []),
    ],
    apply: (signal) => restore(config, point, { ...context, signal }),
  }
}

async function restore(config: DockerVolumesConfig, point: SourcePoint, context: ReadContext): Promise<Restored> {
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openConfiguredEngine(config, context))
  for (const { message } of await settleVolumes(engine, context)) context.log(message)
  const { volumes } = volumesFacts(point)
  const places = await placesOf(engine, volumes, config)
  const work: VolumeWork = { engine, point, read: config.read, context }
  const built: { readonly live: Volume; readonly fresh: FreshVolume }[] = []
  for (const { saved, live } of places) {
    if (live) built.push({ live, fresh: owned.use(await buildVolume(work, saved.name, specOf(live))) })
  }
  await using unwanted = new AsyncDisposableStack()
  const made: MadeVolume[] = []
  for (const { saved, live } of places) {
    if (live) continue
    const fill = async (volume: Volume): Promise<void> => void (await fillVolume(work, saved.name, volume))
    const one = await makeFilled(engine, specOf(saved), fill)
    made.push(one)
    unwanted.defer(() => removeLeft(engine, one.mark, context))
    unwanted.defer(() => removeLeft(engine, one.name, context))
  }
  const { kept, findings } = await exchange(engine, built, new Date(), context, made)
  unwanted.move()
  return {
    place: volumes.map(({ name }) => `volume ${name}`).join(', '),
    ...(kept.length > 0 ? { kept: kept.map((name) => `volume ${name}`).join(', ') } : {}),
    findings,
  }
}

async function placesOf(
  engine: DockerEngine,
  volumes: readonly SavedVolume[],
  { read }: DockerVolumesConfig,
): Promise<Place[]> {
  const places: Place[] = []
  for (const saved of volumes) {
    const live = await findVolume(engine, saved.name)
    refuseMounted(live ?? saved)
    if (live && live.driver !== saved.driver) {
      throw new InputError(
        `the volume ${saved.name} has the driver ${live.driver} now, and ${saved.driver} when it was saved`,
        {
          hint: 'restore it as another volume with `--to NEW`, or remove it first',
        },
      )
    }
    const access = live && (await accessTo(engine, live, read, 'fill'))
    const way = access?.way ?? 'direct'
    if (live && way === 'archive') await refuseUsed(engine, live, access!.why)
    places.push({ saved, live, way })
  }
  return places
}

/** Through the engine, a volume can be emptied only by removing it, and one that a container has cannot be removed. */
async function refuseUsed(engine: DockerEngine, volume: Volume, why: string): Promise<void> {
  const users = usersOf([volume], await listContainers(engine))[0]!.all.map(({ name }) => name)
  if (users.length === 0) return
  throw new InputError(
    `the volume ${volume.name} cannot be replaced from here while containers have it: ${users.join(', ')} (${why})`,
    {
      hint: `remove the containers, not the volume (\`docker compose down\`), restore, and bring them up again; or restore on the host of the Docker Engine, as root; or as another volume with \`--to NEW\``,
    },
  )
}

function present(places: readonly Place[]): Volume[] {
  return places.flatMap(({ live }) => (live ? [live] : []))
}

function stepForGone({ saved: { name, driver, files, bytes } }: Place): string {
  return `make the volume ${name}, which is not there, with the driver ${driver} and its options and labels, fill it with ${files} files (${bytes} bytes), and compare`
}

function stepForBuild({ saved: { name, files, bytes } }: Place): string {
  return `build what was saved of ${name} (${files} files, ${bytes} bytes) in a volume beside it, and compare`
}

function stepForSwap({ saved: { name }, way }: Place): string {
  if (way === 'direct')
    return `put it in the place of what is in ${name} now, which is kept as the volume ${name}.before-TIME`
  return `copy what is in ${name} now to the volume ${name}.before-TIME, through the engine, so that the copy has no access lists, no user attributes and no fractions of seconds; then remove ${name}, make it again as it is, and copy what was built into it`
}
