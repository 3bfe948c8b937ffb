import { Readable } from 'node:stream'
import { type DockerEngine, ENDLESS } from '../engine.ts'
import { dialArchive, shownContainer } from './archive-request.ts'

export interface PutOptions {
  /** A folder may take the place of something else, and the other way round: what is there is removed with all in it. */
  readonly mayReplaceFolders?: boolean
}

/**
 * Writes what a tar archive holds into a folder of a container, running or not. Tried with 20.10: owners, modes, times to
 * the nanosecond, symlinks, hard links, FIFOs, devices and extended attributes (`user`, `trusted`, `security`, access lists)
 * come out as they are in the archive. Not so: times before 1970, which become that; attributes without content; an equals
 * sign in the name of one; what the file system or a user namespace refuses. Files with several names lose setuid and
 * setgid, unless the folder is `/` and the names go on from there.
 *
 * What is there already and not in the archive stays, and folders above that the archive does not have are made. A file
 * is replaced by removing it first, so that a running program may see a moment without it.
 *
 * The archive is sent as fast as the engine takes it, and nothing is kept on the way. When it fails, some of it may have
 * been written. The engine holds the container's lock meanwhile, as for `openArchive`.
 *
 * @param folder byte string, absolute; has to be there
 * @param tar whose error fails the writing
 * @throws {DockerError} the engine cannot: there is no such folder, no room, the container's file system is read-only
 */
export async function putArchive(
  engine: Pick<DockerEngine, 'ask'>,
  containerId: string,
  folder: string,
  tar: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  { mayReplaceFolders = false }: PutOptions = {},
): Promise<void> {
  const doing = `write into ${Buffer.from(folder, 'latin1').toString()} of the container ${shownContainer(containerId)}`
  let lost: { readonly error: unknown } | undefined
  const file = Readable.from(
    keeping(tar, (error) => (lost = { error })),
    { objectMode: false },
  )
  try {
    const call = { method: 'PUT', container: containerId, path: folder, signal } as const
    const parameters = mayReplaceFolders ? '' : '&noOverwriteDirNonDir=1'
    await engine.ask(doing, (api) => dialArchive(api, { ...call, parameters, file }), ENDLESS)
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
