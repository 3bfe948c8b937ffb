import { openArchiveEntry } from '../../../docker/archive/open-archive.ts'
import { putArchive } from '../../../docker/archive/put-archive.ts'
import type { ContainerSummary } from '../../../docker/containers/container.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { SourcePoint } from '../../source-point.ts'
import { type BytePath, bytePath, printablePath } from '../../swap/byte-path.ts'
import { entriesBelow } from './entries-below.ts'
import { type PlacedPath, placeInContainer } from './place.ts'

/**
 * Reads all of it and keeps nothing: what is replaced in a container cannot be swapped back, so a point that cannot be read
 * has to be found out before.
 */
export async function proveReadable(
  point: SourcePoint,
  placed: readonly PlacedPath[],
  signal: AbortSignal,
): Promise<void> {
  for (const { from } of placed) {
    for await (const _ of point.tar(bytePath(from))) signal.throwIfAborted()
  }
}

/** Writes saved paths into a container, and looks whether they are there. @throws {DockerError} */
export async function writePaths(
  engine: DockerEngine,
  container: ContainerSummary,
  placed: readonly PlacedPath[],
  point: SourcePoint,
  signal: AbortSignal,
): Promise<void> {
  for (const { from, to } of placed) {
    const { folder, name } = await placeInContainer(engine, container, to, signal)
    await putArchive(engine, container.id, folder, point.tar(bytePath(from), name), signal)
  }
  for (const path of placed) await compare(engine, container, path, point, signal)
}

/** Memory grows with the number of names. */
async function compare(
  engine: DockerEngine,
  container: ContainerSummary,
  { from, to }: PlacedPath,
  point: SourcePoint,
  signal: AbortSignal,
): Promise<void> {
  const missing = new Map<BytePath, string>()
  for await (const { path, type, size } of point.entries(bytePath(from))) {
    if (type === 'socket' || type === 'irregular') continue
    missing.set(path.slice(bytePath(from).length), kindOf(type, size))
  }
  await using archive = await openArchiveEntry(engine, container.id, bytePath(to), signal)
  for await (const { path, entry, bytes } of entriesBelow(archive.entry, signal)) {
    const wanted = missing.get(path)
    if (wanted === undefined) continue
    const isLinked = entry.kind === 'file' && entry.content.kind === 'link' && wanted.startsWith('file')
    if (isLinked || wanted === kindOf(entry.kind, bytes)) missing.delete(path)
  }
  await archive.finish()
  const [first] = missing.keys()
  if (first === undefined) return
  throw new DockerError(
    `${missing.size} of what was written into ${container.name} is not there as it should be, such as ${printablePath(bytePath(to) + first)}`,
    { hint: 'a program in the container may have changed it meanwhile: stop the container, and restore again' },
  )
}

function kindOf(kind: string, size: number): string {
  switch (kind) {
    case 'dir':
      return 'directory'
    case 'dev':
      return 'block-device'
    case 'chardev':
      return 'character-device'
    case 'file':
      return `file of ${size} bytes`
    default:
      return kind
  }
}
