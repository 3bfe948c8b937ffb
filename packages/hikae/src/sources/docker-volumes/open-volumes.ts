import type { DirectoryEntry, Entry } from '@hikae/engine'
import type { DockerEngine } from '../../docker/engine.ts'
import { isAlive, listContainers } from '../../docker/containers/container.ts'
import { holdContainers } from '../../docker/quiesce/hold.ts'
import { madeDirectory } from '../made-entry.ts'
import type { OpenSource, ReadContext } from '../source-kind.ts'
import type { DockerVolumesConfig } from './config.ts'
import { openConfiguredEngine } from '../../docker/open-configured-engine.ts'
import { readVolume, type VolumeReading } from './read-volume.ts'
import { readingOf } from './reading-of.ts'
import { missingVolumes } from './selection-findings.ts'
import { selectVolumes, type SelectedVolumes } from './select-volumes.ts'
import { settleAll } from './settle-source.ts'
import { VOLUMES_FOLDER } from './volume-facts.ts'
import { type VolumeUsers, usersOf } from './volume-users.ts'
import { writersNow } from './volume-writers.ts'
import { accessTo, type VolumeAccess } from './access.ts'
import { liveDatabases, liveInRead, toldLive } from './live-databases.ts'
import { listVolumes, type Volume } from './volume.ts'

/** Volumes, with the containers that write to them held still until the last byte is read. */
export async function openVolumes(config: DockerVolumesConfig, context: ReadContext): Promise<OpenSource> {
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openConfiguredEngine(config, context))
  for (const { message } of await settleAll(engine, context)) context.log(message)
  const { volumes, unmatched } = told(selectVolumes(config, await listVolumes(engine)), config, context)
  const ways = await waysTo(engine, volumes, config, context)
  const containers = await listContainers(engine)
  const users = usersOf(volumes, containers)
  const live = toldLive(await liveDatabases(engine, users, ways, config, context.signal), context.log)
  const hold = owned.use(await holdContainers(engine, writersOf(users), config.quiesce, context))
  const before = await writersNow(engine, volumes)
  const resources = owned.use(new AsyncDisposableStack())
  const readings: VolumeReading[] = []
  for (const [at, volume] of volumes.entries()) {
    readings.push(await readVolume(engine, volume, ways[at]!, resources, context))
  }
  const held = owned.move()
  return {
    paths: volumes.length === 0 ? [`/${VOLUMES_FOLDER}`] : volumes.map(({ name }) => `/${VOLUMES_FOLDER}/${name}`),
    excludes: config.exclude,
    root: rootOf(readings),
    async finish() {
      const seen = toldLive(await liveInRead(engine, users, readings, config, context.signal), context.log)
      return await readingOf({ engine, config, users, readings, unmatched, live: [...live, ...seen], hold, before })
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function told(selected: SelectedVolumes, config: DockerVolumesConfig, { log, source }: ReadContext): SelectedVolumes {
  const { missing, leftOut } = selected
  for (const { name, why } of leftOut) log(`the volume ${name} is left out: ${why}`)
  if (missing.length > 0) throw missingVolumes(missing, leftOut, source)
  return selected
}

async function waysTo(
  engine: DockerEngine,
  volumes: readonly Volume[],
  { read }: DockerVolumesConfig,
  { log }: ReadContext,
): Promise<readonly VolumeAccess[]> {
  const ways: VolumeAccess[] = []
  for (const volume of volumes) {
    const access = await accessTo(engine, volume, read)
    ways.push(access)
    const way = access.way === 'direct' ? `at ${access.path}` : 'through the Docker Engine'
    log(`the volume ${volume.name} is read ${way}: ${access.why}`)
  }
  return ways
}

/**
 * Each once: a container may use several of the volumes. Those that do not run are among them, because another run may have
 * stopped them, and would start them in the middle of this one.
 */
function writersOf(users: readonly VolumeUsers[]): VolumeUsers['writers'] {
  const writers = users.flatMap(({ all, writers: running }) =>
    all.filter((container) => running.includes(container) || !isAlive(container)),
  )
  return [...new Map(writers.map((container) => [container.id, container])).values()]
}

function rootOf(readings: readonly VolumeReading[]): DirectoryEntry {
  const children = async function* (signal: AbortSignal): AsyncGenerator<Entry, void, undefined> {
    for (const reading of readings) yield await reading.entry(signal)
  }
  // Nobody knows its time: the same from run to run, it is stored once.
  return madeDirectory('', () => [madeDirectory(VOLUMES_FOLDER, children, { timeNs: 0n })], { timeNs: 0n })
}
