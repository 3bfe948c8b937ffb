import type { DirectoryEntry } from '@hikae/engine'
import { requestArchive } from '../../../docker/archive/archive-request.ts'
import type { HelperContainer } from '../../../docker/archive/helper-container.ts'
import { openArchive } from '../../../docker/archive/open-archive.ts'
import { putArchive } from '../../../docker/archive/put-archive.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { TreeCounts } from '../../counted-tree.ts'
import { helperWith, type HelperWork } from '../helper-with.ts'
import { VOLUMES_FOLDER } from '../volume-facts.ts'
import type { VolumeWork } from './build-volume.ts'

/**
 * Where a helper has the volume: in its root, since the engine writes no symlink that leads out of the folder that an archive
 * is put into.
 */
const ROOT = '/'
const NAME = 'hikae-volume'
const PLACE = `${ROOT}${NAME}`

/** Fills an empty volume with what was saved of one, through a container that is never started. */
export async function fillThroughEngine(
  { engine, point, context }: VolumeWork,
  saved: string,
  volume: string,
): Promise<void> {
  await using writer = await helperOf(engine, volume, 'write', context)
  await putArchive(engine, writer.name, ROOT, point.tar(`/${VOLUMES_FOLDER}/${saved}`, NAME), context.signal)
}

/** Copies a volume into an empty one. */
export async function copyThroughEngine(
  engine: DockerEngine,
  from: string,
  to: string,
  work: HelperWork,
): Promise<void> {
  const { signal } = work
  await using reader = await helperOf(engine, from, 'read', work)
  await using writer = await helperOf(engine, to, 'write', work)
  await putArchive(engine, writer.name, ROOT, requestArchive(engine, reader.name, PLACE, signal), signal)
}

/** What is in a volume, read through the engine to its end. */
export interface ReadCounts extends TreeCounts {
  /** Some files have several names; their bytes are counted once. */
  hasLinks: boolean
}

export async function countVolume(engine: DockerEngine, volume: string, work: HelperWork): Promise<ReadCounts> {
  const { signal } = work
  await using reader = await helperOf(engine, volume, 'read', work)
  await using archive = await openArchive(engine, reader.name, PLACE, signal)
  const hasLinks = await readAll(archive.root, signal)
  const counts = await archive.finish()
  // The volume itself is a directory, too.
  return { ...counts, directories: counts.directories - 1, hasLinks }
}

function helperOf(
  engine: DockerEngine,
  volume: string,
  access: 'read' | 'write',
  work: HelperWork,
): Promise<HelperContainer> {
  return helperWith(engine, { volume, path: PLACE, isReadOnly: access === 'read' }, work)
}

/** @returns whether there are further names of files */
async function readAll(directory: DirectoryEntry, signal: AbortSignal): Promise<boolean> {
  let hasLinks = false
  for await (const entry of directory.children(signal)) {
    if (entry.kind === 'unreadable') throw entry.error
    if (entry.kind === 'directory') hasLinks = (await readAll(entry, signal)) || hasLinks
    if (entry.kind !== 'file') continue
    if (entry.content.kind === 'link') hasLinks = true
    if (entry.content.kind === 'stream') for await (const _ of entry.content.open(signal)) signal.throwIfAborted()
  }
  return hasLinks
}
