import type { DirectoryEntry, Entry } from '@hikae/engine'
import { ArchiveError } from '../../archives/archive-error.ts'
import { openOrderedTar, type TarCounts } from '../../archives/tar/ordered-tar.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { readingOf, requestArchive } from './archive-request.ts'

/** A path of a container, as it is while it is read. Disposing of it ends the request. */
export interface OpenArchive extends AsyncDisposable {
  /** The directory at the path, with its own metadata; its name is the last one of the path. */
  readonly root: DirectoryEntry
  /**
   * Called when everything was read.
   *
   * @throws {DockerError} not all of it was, or the end was not reached
   */
  finish(): Promise<TarCounts>
}

/** What is at a path, whatever it is. */
export interface OpenArchiveEntry extends AsyncDisposable {
  readonly entry: Entry
  /** As {@link OpenArchive.finish}. */
  finish(): Promise<TarCounts>
}

/**
 * Reads a directory of a container, running or not, through the engine's archive API, as entries for a backup, which have to
 * be asked for in order: see `openOrderedTar`. Nothing is kept on the way but names.
 *
 * What the engine does not tell: times are whole seconds (20.10 cuts them off), of extended attributes there is only
 * `security.capability`, sockets are left out, and so is, without a word, what vanishes or cannot be listed while it reads.
 * What is mounted in the container is read too, but for `tmpfs` and what the kernel provides (`/proc`, `/sys`). A file that
 * cannot be read, an engine that dies and an archive without its end are errors.
 *
 * The engine holds the container's lock meanwhile: whatever else is asked of this container, such as to stop it or for its
 * state, waits until the archive was read or disposed of.
 *
 * @param path byte string, absolute; its last component is not followed when it is a symlink
 * @throws {DockerError} it is not there (`isNotFound`), or is no directory
 */
export async function openArchive(
  engine: DockerEngine,
  containerId: string,
  path: string,
  signal: AbortSignal,
): Promise<OpenArchive> {
  await using opened = new AsyncDisposableStack()
  const archive = opened.use(await openArchiveEntry(engine, containerId, path, signal))
  const { entry } = archive
  if (entry.kind !== 'directory') {
    throw new DockerError(`cannot ${readingOf(containerId, path)}: it is a ${entry.kind}, and no folder`)
  }
  const owned = opened.move()
  return { root: entry, finish: () => archive.finish(), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The same for what may be a file, a link or a device. */
export async function openArchiveEntry(
  engine: DockerEngine,
  containerId: string,
  path: string,
  signal: AbortSignal,
): Promise<OpenArchiveEntry> {
  const doing = readingOf(containerId, path)
  return await explainedOnce(doing, async () => {
    const tar = await openOrderedTar(requestArchive(engine, containerId, path, signal))
    return {
      entry: withExplanations(tar.entry, doing),
      finish: () => explainedOnce(doing, async () => tar.finish()),
      [Symbol.asyncDispose]: () => tar[Symbol.asyncDispose](),
    }
  })
}

/** Says of which path an archive was, whatever is wrong with it. */
function withExplanations(entry: Entry, doing: string): Entry {
  if (entry.kind === 'directory') {
    return {
      ...entry,
      async *children(signal) {
        for await (const child of explained(doing, entry.children(signal))) yield withExplanations(child, doing)
      },
    }
  }
  if (entry.kind !== 'file' || entry.content.kind !== 'stream') return entry
  const { content } = entry
  return { ...entry, content: { ...content, open: (signal) => explained(doing, content.open(signal)) } }
}

async function* explained<T>(doing: string, items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* items
  } catch (error) {
    throw explain(doing, error)
  }
}

async function explainedOnce<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(doing, error)
  }
}

function explain(doing: string, error: unknown): unknown {
  if (!(error instanceof ArchiveError)) return error
  return new DockerError(`cannot ${doing}: ${error.message}`, {
    hint: "what the Docker Engine gave is not whole: look at its log (`journalctl -u docker`), and at the container's disk",
    cause: error,
  })
}
