import { lstat } from 'node:fs/promises'
import type { DirectoryEntry } from '@hikae/engine'
import { openArchive } from '../../docker/archive/open-archive.ts'
import { placeHere } from '../../docker/containers/place-here.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { InputError, systemCode } from '../../errors.ts'
import { ownPowers } from '../../own-powers.ts'
import { accessTo } from '../../sources/docker-volumes/access.ts'
import { helperWith } from '../../sources/docker-volumes/helper-with.ts'
import type { Volume } from '../../sources/docker-volumes/volume.ts'
import { bytePath, nameOf, parentPath } from '../../sources/swap/byte-path.ts'
import { PLACE } from './archive-place.ts'

/** Files on an engine's host that are moved. */
export type Place =
  | { readonly kind: 'volume'; readonly volume: Volume }
  /** Absolute. */
  | { readonly kind: 'folder'; readonly path: string }

/** How its files are read: at their place on this host, or through the engine. */
export type Way = { readonly kind: 'direct'; readonly path: string } | { readonly kind: 'archive' }

export interface PlaceAt {
  readonly engine: DockerEngine
  readonly place: Place
  readonly way: Way
}

/** For messages. */
export function placeName(place: Place): string {
  return place.kind === 'volume' ? `the volume ${place.volume.name}` : place.path
}

export async function wayTo(engine: DockerEngine, place: Place): Promise<Way> {
  if (place.kind === 'volume') {
    const access = await accessTo(engine, place.volume, 'auto')
    return access.way === 'direct' ? { kind: 'direct', path: access.path } : { kind: 'archive' }
  }
  const here = await placeHere(engine, place.path)
  if ('obstacle' in here || !(await ownPowers()).readsAll) return { kind: 'archive' }
  try {
    return (await lstat(here.path)).isDirectory() ? { kind: 'direct', path: here.path } : { kind: 'archive' }
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return { kind: 'archive' }
  }
}

/**
 * Gives what is in a place to a reader, which has to read it to its end.
 *
 * @throws {DockerError} it is not there, or not all of it came
 */
export async function withTree<T>(
  { engine, place, way }: PlaceAt,
  signal: AbortSignal,
  read: (root: DirectoryEntry) => Promise<T>,
): Promise<T> {
  if (way.kind === 'direct') return await read(await directTree(way.path, signal))
  const mount = { path: PLACE, isReadOnly: true } as const
  const what =
    place.kind === 'volume'
      ? { volume: place.volume.name, ...mount }
      : { folder: place.path, whenAbsent: 'refuse' as const, ...mount }
  await using helper = await helperWith(engine, what, { signal })
  await using archive = await openArchive(engine, helper.name, PLACE, signal)
  const result = await read(archive.root)
  await archive.finish()
  return result
}

async function directTree(folder: string, signal: AbortSignal): Promise<DirectoryEntry> {
  const { openTargets } = await import('@hikae/engine')
  const path = bytePath(folder)
  const { root } = openTargets([nameOf(path)], { workingDirectory: parentPath(path) })
  for await (const entry of root.children(signal)) {
    if (entry.kind === 'directory') return entry
    if (entry.kind === 'unreadable') throw entry.error
  }
  throw new InputError(`${folder} is no folder any more`)
}
