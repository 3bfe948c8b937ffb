import type { TarEntry } from '@hikae/engine'
import { statPath } from '../../docker/archive/path-stat.ts'
import { putArchive } from '../../docker/archive/put-archive.ts'
import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { helperWith } from '../../sources/docker-volumes/helper-with.ts'
import { type BytePath, printablePath } from '../../sources/swap/byte-path.ts'
import type { Place } from './place.ts'

/**
 * Where a helper has a place: in its root, since the engine writes no symlink that leads out of the folder that an archive is
 * put into, and so that files with several names keep setuid.
 */
const ROOT = '/'
export const PLACE_NAME = 'hikae-place'
export const PLACE = `${ROOT}${PLACE_NAME}`

export interface PlaceToWrite {
  readonly engine: DockerEngine
  readonly place: Place
  readonly signal: AbortSignal
}

/**
 * Writes an archive whose paths begin with {@link PLACE_NAME} into a place. A folder that is not there is made.
 *
 * @throws what the archive throws @throws {DockerError}
 */
export async function fillPlace(
  { engine, place, signal }: PlaceToWrite,
  tar: AsyncIterable<Uint8Array>,
): Promise<void> {
  await using helper = await helperFor({ engine, place, signal })
  await putArchive(engine, helper.name, ROOT, tar, signal, { mayReplaceFolders: true })
}

/**
 * Removes files and folders with all in them. An engine has no request for that; but it removes what is at a path before it
 * makes a hard link there, and cannot make one to what it has removed.
 *
 * @param paths below the place, none of them below another
 * @throws {DockerError} one is still there
 */
export async function removeFrom({ engine, place, signal }: PlaceToWrite, paths: readonly BytePath[]): Promise<void> {
  if (paths.length === 0) return
  const { tarOfEntries } = await import('@hikae/engine')
  await using helper = await helperFor({ engine, place, signal })
  for (const path of paths) {
    const full = `${PLACE}/${path}`
    if (!(await statPath(engine, helper.name, full, signal))) continue
    try {
      const tar = tarOfEntries([linkToItself(`${PLACE_NAME}/${path}`)])
      await putArchive(engine, helper.name, ROOT, tar, signal, { mayReplaceFolders: true })
    } catch (error) {
      if (!(error instanceof DockerError) || (await statPath(engine, helper.name, full, signal))) throw error
      continue
    }
    throw new DockerError(`the Docker Engine at ${engine.address} did not remove ${printablePath(path)}`)
  }
}

function linkToItself(path: string): TarEntry {
  const none = { uid: 0, gid: 0, mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n, inode: 0n, deviceId: 0n, links: 1n, rdev: 0n }
  const metadata = { mode: 0o100_600, size: 0, user: '', group: '', ...none }
  return { path, entry: { kind: 'file', name: path, metadata, content: { kind: 'link' } }, link: path }
}

function helperFor({ engine, place, signal }: PlaceToWrite): ReturnType<typeof helperWith> {
  const mount = { path: PLACE, isReadOnly: false } as const
  const what =
    place.kind === 'volume'
      ? { volume: place.volume.name, ...mount }
      : { folder: place.path, whenAbsent: 'make' as const, ...mount }
  return helperWith(engine, what, { signal })
}
