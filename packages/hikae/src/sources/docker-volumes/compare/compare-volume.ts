import type { DirectoryEntry, Entry, FileEntry } from '@hikae/engine'
import { openOrderedTar } from '../../../archives/tar/ordered-tar.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { errorMessage, InputError } from '../../../errors.ts'
import type { SourcePoint } from '../../source-point.ts'
import { accessTo } from '../access.ts'
import type { HelperWork } from '../helper-with.ts'
import { readVolume } from '../read-volume.ts'
import { type SavedVolume, VOLUMES_FOLDER } from '../volume-facts.ts'
import type { Volume } from '../volume.ts'
import { type Comparison, compareTrees } from './compare-trees.ts'
import { contentDigest } from './content-digest.ts'
import { type MarkedVolume, VolumeMark } from './volume-mark.ts'
import { walkEntries } from './walk-entries.ts'

/** What a repository holds of a volume cannot be read back. */
export class SavedVolumeError extends InputError {}

export interface CompareWork extends HelperWork {
  readonly onBytes?: (bytes: number) => void
}

/**
 * Compares a volume with what a snapshot has of it: all of it is read back from the repository, and all of the volume is read.
 *
 * @param volume nobody uses it
 * @throws {SavedVolumeError} the snapshot cannot be read @throws what reading the volume throws
 */
export async function compareVolume(
  engine: DockerEngine,
  volume: Volume,
  { saved, point }: { readonly saved: SavedVolume; readonly point: SourcePoint },
  work: CompareWork,
): Promise<Comparison> {
  const { signal, onBytes } = work
  const access = await accessTo(engine, volume, 'auto')
  await using owned = new AsyncDisposableStack()
  const lost: { error?: unknown } = {}
  try {
    const path = `/${VOLUMES_FOLDER}/${saved.name}`
    const tar = owned.use(await openOrderedTar(noting(point.tar(path, volume.name), lost)))
    const reading = await readVolume(engine, volume, access, owned, work)
    const comparison = await compareTrees({
      saved: directoryOf(tar.entry, volume),
      present: directoryOf(await reading.entry(signal), volume),
      exactness: access.way === 'archive' || saved.read === 'archive' ? 'as-archives' : 'all',
      signal,
      ...(onBytes && { onBytes }),
    })
    if (comparison.kind === 'different') return comparison
    tar.finish()
    await reading.finish()
    return comparison
  } catch (error) {
    signal.throwIfAborted()
    if (!('error' in lost)) throw error
    throw new SavedVolumeError(`what was saved of ${saved.name} cannot be read back: ${errorMessage(lost.error)}`, {
      hint: 'run `hikae check --read-data` on the repository',
      cause: error,
    })
  }
}

/**
 * What a volume is now, for {@link compareVolume}'s mark: when both are the same, nothing was changed in between.
 *
 * @throws what reading the volume throws
 */
export async function markVolume(engine: DockerEngine, volume: Volume, work: HelperWork): Promise<MarkedVolume> {
  const { signal } = work
  const access = await accessTo(engine, volume, 'auto')
  await using owned = new AsyncDisposableStack()
  const reading = await readVolume(engine, volume, access, owned, work)
  const mark = new VolumeMark()
  for await (const { path, entry } of walkEntries(directoryOf(await reading.entry(signal), volume), signal)) {
    if (entry.kind === 'unreadable') throw entry.error
    const digest = entry.kind === 'file' ? await streamDigest(entry, signal) : ''
    mark.add(path, entry, digest)
  }
  await reading.finish()
  return mark.end()
}

/** Of what times and inodes do not prove to be the same. */
async function streamDigest({ content, metadata }: FileEntry, signal: AbortSignal): Promise<string> {
  return content.kind === 'stream' ? (await contentDigest({ content, metadata }, signal)).digest : ''
}

function directoryOf(entry: Entry, { name }: Volume): DirectoryEntry {
  if (entry.kind === 'directory') return entry
  throw entry.kind === 'unreadable' ? entry.error : new InputError(`what is in the volume ${name} is no folder`)
}

/** Keeps what went wrong with the archive, as such. */
async function* noting(
  archive: AsyncIterable<Uint8Array>,
  lost: { error?: unknown },
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* archive
  } catch (error) {
    lost.error = error
    throw error
  }
}
