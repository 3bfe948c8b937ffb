import { Readable } from 'node:stream'
import type { DockerEngine } from '../engine.ts'
import { dialArchive, shownContainer } from './archive-request.ts'

/**
 * Writes what a tar archive holds into a folder of a container, running or not: owners, modes, times to the nanosecond,
 * symlinks, hard links, FIFOs, devices and extended attributes come out as they are in the archive, those of a file system
 * or a user namespace that cannot have them excepted. What is there already and not in the archive stays; a file is replaced by
 * removing it first, so that a running program may see a moment without it; a folder that would become something else, or
 * the other way round, is refused.
 *
 * The archive is sent as fast as the engine takes it, and nothing is kept on the way. When it fails, some of it may have
 * been written.
 *
 * @param folder byte string, absolute; has to be there
 * @param tar whose error fails the writing
 * @throws {DockerError} the engine cannot: there is no such folder, no room, the container's file system is read-only
 */
export async function putArchive(
  engine: DockerEngine,
  containerId: string,
  folder: string,
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const doing = `write into ${Buffer.from(folder, 'latin1').toString()} of the container ${shownContainer(containerId)}`
  let lost: { readonly error: unknown } | undefined
  const file = Readable.from(
    keeping(tar, (error) => (lost = { error })),
    { objectMode: false },
  )
  try {
    await engine.ask(doing, async (api) => {
      const call = { method: 'PUT', container: containerId, path: folder, signal } as const
      await dialArchive(api, { ...call, parameters: '&noOverwriteDirNonDir=1', file })
    })
  } catch (error) {
    throw lost ? lost.error : error
  } finally {
    file.destroy()
  }
}

/** The engine's complaint about an archive that breaks off says nothing of why it did. */
async function* keeping(
  tar: AsyncIterable<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* tar
  } catch (error) {
    onError(error)
    throw error
  }
}
