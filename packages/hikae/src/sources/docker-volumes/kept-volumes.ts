import type { DockerEngine } from '../../docker/engine.ts'
import { isMadeByAnother } from '../../docker/made-by.ts'
import { InputError } from '../../errors.ts'
import type { KeptCopy, ReadContext, Restored, RestorePlan } from '../source-kind.ts'
import { bytePath } from '../swap/byte-path.ts'
import { accessTo } from './access.ts'
import type { DockerVolumesConfig } from './config.ts'
import { countFolder } from './count-folder.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { exchange } from './restore/exchange.ts'
import { runningUsers } from './restore/hold-users.ts'
import { removeLeft } from './restore/remove-left.ts'
import { settleVolumes } from './restore/settle-volumes.ts'
import { LABELS, specOfLabel } from './restore/volume-labels.ts'
import { selectVolumes } from './select-volumes.ts'
import { createVolume, findVolume, listVolumes, removeVolume, type Volume } from './volume.ts'

/** One volume of a copy, and the one that it was in. */
interface KeptVolume {
  readonly kept: Volume
  readonly name: string
}

/**
 * What restores in place have kept of the volumes that a configuration means; those of one restore together. What was
 * interrupted is settled first; what is still being made is left out.
 */
export async function keptVolumes(config: DockerVolumesConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  await using engine = await openConfiguredEngine(config, context)
  for (const { message } of await settleVolumes(engine, context)) context.log(message)
  const all = (await listVolumes(engine)).toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const byTime = Map.groupBy(
    all
      .filter((volume) => isKeptOf(config, volume, context) && !isInWork(volume, all))
      .map((kept) => ({ kept, name: kept.labels[LABELS.kept]! })),
    ({ kept }) => kept.labels[LABELS.time]!,
  )
  const copies: KeptCopy[] = []
  for (const [time, volumes] of byTime) {
    const places = await placesOf(engine, volumes)
    copies.push({
      time: new Date(time),
      place: volumes.map(({ kept }) => `volume ${kept.name}`).join(', '),
      planUndo: (of) => planUndo(config, volumes, of),
      ...(places ? { size: (signal) => sizeOf(places, signal) } : {}),
      remove: (of) => remove(config, volumes, of),
    })
  }
  return copies.toSorted((one, other) => other.time.getTime() - one.time.getTime())
}

/** Undefined where one of them cannot be read here. */
async function placesOf(engine: DockerEngine, volumes: readonly KeptVolume[]): Promise<string[] | undefined> {
  const places: string[] = []
  for (const { kept } of volumes) {
    const access = await accessTo(engine, kept, 'auto')
    if (access.way !== 'direct') return undefined
    places.push(access.path)
  }
  return places
}

async function sizeOf(places: readonly string[], signal: AbortSignal): Promise<number> {
  let bytes = 0
  for (const place of places) bytes += (await countFolder(bytePath(place), signal)).bytes
  return bytes
}

/** Whether the source has kept a volume that its configuration means, be that there now or not. */
function isKeptOf(config: DockerVolumesConfig, volume: Volume, context: ReadContext): boolean {
  // What was kept by an earlier Hikae does not say of which source, or of which stack.
  const { source: ownSource, stack: ownStack } = context
  const { [LABELS.source]: source = ownSource, [LABELS.stack]: stack = ownStack } = volume.labels
  const { [LABELS.kept]: name, [LABELS.time]: time } = volume.labels
  const spec = specOfLabel(volume)
  if (source !== ownSource || stack !== ownStack || name === undefined || time === undefined || !spec) return false
  return selectVolumes(config, [{ ...volume, ...spec, name }]).volumes.length > 0
}

/** While what takes the place is there beside it, it may be no whole copy, or what was there may have to be put back. */
function isInWork({ labels }: Volume, all: readonly Volume[]): boolean {
  return all.some(({ name }) => name === labels[LABELS.from]) || isMadeByAnother(labels[LABELS.by] ?? '')
}

async function planUndo(
  config: DockerVolumesConfig,
  volumes: readonly KeptVolume[],
  context: ReadContext,
): Promise<RestorePlan> {
  await using engine = await openConfiguredEngine(config, context)
  const live = await liveOf(engine, volumes)
  for (const { kept } of volumes) await refuseRemote(engine, kept)
  const running = await runningUsers(engine, live.values().toArray())
  const names = running.map(({ name }) => name).join(', ')
  return {
    steps: [
      ...(running.length > 0 ? [`stop what runs with them: ${names}`] : []),
      ...volumes.map(({ kept, name }) =>
        live.has(name)
          ? `put what the volume ${kept.name} has in the place of what is in ${name} now, which is kept as ${name}.before-TIME`
          : `make the volume ${name}, which is not there, again, and put what the volume ${kept.name} has into it`,
      ),
      ...(running.length > 0 ? [`start ${names} again, and wait until they are well; else all is put back`] : []),
    ],
    apply: (signal) => undo(config, volumes, { ...context, signal }),
  }
}

async function undo(
  config: DockerVolumesConfig,
  volumes: readonly KeptVolume[],
  context: ReadContext,
): Promise<Restored> {
  await using engine = await openConfiguredEngine(config, context)
  for (const { message } of await settleVolumes(engine, context)) context.log(message)
  const live = await liveOf(engine, volumes)
  const gone = volumes.filter(({ name }) => !live.has(name))
  await using made = new AsyncDisposableStack()
  for (const { kept, name } of gone) {
    const spec = specOfLabel(kept)
    if (!spec) throw new InputError(`the volume ${kept.name} does not say what ${name} was made of`)
    live.set(name, await createVolume(engine, { ...spec, name }))
    made.defer(() => removeLeft(engine, name, context))
  }
  const exchanges = volumes.map(({ kept, name }) => ({
    live: live.get(name)!,
    fresh: { volume: kept, way: 'direct' as const, leave: () => undefined },
  }))
  const { kept, findings } = await exchange(engine, exchanges, new Date(), context)
  made.move()
  for (const volume of volumes) await removeVolume(engine, volume.kept.name)
  return {
    place: volumes.map(({ name }) => `volume ${name}`).join(', '),
    kept: kept
      .toSorted()
      .map((name) => `volume ${name}`)
      .join(', '),
    findings,
  }
}

async function remove(
  config: DockerVolumesConfig,
  volumes: readonly KeptVolume[],
  context: ReadContext,
): Promise<void> {
  for (const { kept } of volumes) refuseUnclear(kept)
  await using engine = await openConfiguredEngine(config, context)
  for (const { kept } of volumes) await removeVolume(engine, kept.name)
}

/** @throws {InputError} it may be all that another stack has to undo its restore */
function refuseUnclear({ name, labels }: Volume): void {
  if (labels[LABELS.source] !== undefined && labels[LABELS.stack] !== undefined) return
  throw new InputError(`the volume ${name} does not say which stack's restore has kept it`, {
    hint: `an earlier Hikae has made it: if it is of this stack, remove it with \`docker volume rm ${name}\``,
  })
}

async function liveOf(engine: DockerEngine, volumes: readonly KeptVolume[]): Promise<Map<string, Volume>> {
  const live = new Map<string, Volume>()
  for (const { kept, name } of volumes) {
    if (!(await findVolume(engine, kept.name))) throw new InputError(`the volume ${kept.name} is gone`)
    const volume = await findVolume(engine, name)
    if (volume) live.set(name, volume)
  }
  return live
}

async function refuseRemote(engine: DockerEngine, kept: Volume): Promise<void> {
  const { way, why } = await accessTo(engine, kept, 'auto', 'fill')
  if (way === 'direct') return
  throw new InputError(`what the volume ${kept.name} keeps cannot be put back from here: ${why}`, {
    hint: "undo it on the host of the Docker Engine, as root; or mount it in the place of the other in the application's configuration",
  })
}
