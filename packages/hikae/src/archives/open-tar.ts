import { type FileHandle, open } from 'node:fs/promises'
import type { DirectoryEntry } from '@hikae/engine'
import type { Compression } from './archive-name.ts'
import { decompressed } from './decompress.ts'
import { FileBytes } from './file-bytes.ts'
import { spool } from './spool.ts'
import { readContents, type TarContents } from './tar/contents.ts'
import { directoryEntry } from './tar/entries.ts'

export interface OpenTarOptions {
  readonly compression: Compression
  /** Folder that a compressed archive is unpacked to, as one nameless file; it needs room for all of it. */
  readonly scratch: string
  /** Nanoseconds: of directories that the archive does not tell of. */
  readonly timeNs: bigint
  readonly signal: AbortSignal
  /** Told now and then how many bytes have been unpacked. */
  readonly onUnpacked?: (bytes: number) => void
}

/** An archive that was read to its end once, and found whole. */
export interface OpenTar extends AsyncDisposable {
  readonly root: DirectoryEntry
  /** Sentences about what is not as it was in the archive. */
  readonly remarks: readonly string[]
}

/**
 * Opens a tar archive as entries for a backup. A backup wants them by directory, an archive has them in any order: so the
 * headers are read first, and content when its turn comes. What is compressed is unpacked to scratch, which also proves its
 * checksum before anything is stored.
 *
 * @throws {ArchiveError} @throws {InputError} scratch cannot be written
 */
export async function openTar(path: Buffer, options: OpenTarOptions): Promise<OpenTar> {
  const { compression, scratch, timeNs, signal, onUnpacked = () => undefined } = options
  const file =
    compression === 'none'
      ? await open(path, 'r')
      : await spool(counted(decompressed(path, compression, signal), onUnpacked), scratch)
  try {
    const bytes = await bytesOf(file)
    const contents = await readContents(bytes, signal)
    return {
      root: directoryEntry('', contents.root, { bytes, timeNs }),
      remarks: remarksOn(contents),
      [Symbol.asyncDispose]: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function* counted(
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const piece of content) {
    bytes += piece.length
    onBytes(bytes)
    yield piece
  }
}

async function bytesOf(file: FileHandle): Promise<FileBytes> {
  const { size } = await file.stat()
  return new FileBytes(file, size)
}

function remarksOn({ absoluteNames, losingMembers }: TarContents): string[] {
  const remarks: string[] = []
  if (absoluteNames > 0) remarks.push(`${absoluteNames} names begin with a slash, which was left out, as tar does`)
  if (losingMembers > 0) {
    remarks.push(`${losingMembers} entries have access lists or labels in a form that is not kept`)
  }
  return remarks
}
