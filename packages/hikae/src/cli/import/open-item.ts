import { stat } from 'node:fs/promises'
import type { DirectoryEntry } from '@hikae/engine'
import { decompressed } from '../../archives/decompress.ts'
import { openTar } from '../../archives/open-tar.ts'
import { madeFile, madeRoot } from '../../sources/made-entry.ts'
import { systemPath } from './byte-name.ts'
import type { ImportItem } from './item.ts'

export interface OpenItem extends AsyncDisposable {
  readonly root: DirectoryEntry
  /** Sentences about what is not as it was. */
  readonly remarks: readonly string[]
  /** Of a dump, when it was read: nothing came. */
  readonly wasEmpty: () => boolean
}

export interface OpenItemOptions {
  /** Folder for what has to be unpacked first. */
  readonly scratch: string
  readonly signal: AbortSignal
  /** Told now and then how many bytes have been unpacked. */
  readonly onUnpacked: (bytes: number) => void
}

/**
 * Opens a backup as what a snapshot holds.
 *
 * @throws {ArchiveError} also while it is read: then it is not to be trusted
 */
export async function openItem(item: ImportItem, options: OpenItemOptions): Promise<OpenItem> {
  switch (item.kind) {
    case 'tar': {
      const { compression, timeNs } = item
      const tar = await openTar(systemPath(item.path), { compression, timeNs, ...options })
      return {
        root: tar.root,
        remarks: tar.remarks,
        wasEmpty: () => false,
        [Symbol.asyncDispose]: () => tar[Symbol.asyncDispose](),
      }
    }
    case 'directory': {
      const { openTargets } = await import('@hikae/engine')
      const { root } = openTargets(['.'], { workingDirectory: item.path })
      return { root, remarks: [], wasEmpty: () => false, async [Symbol.asyncDispose]() {} }
    }
    case 'file':
      return openFile(item)
  }
}

/** Dumps of one database are much the same every day: cut finely, and under one name, they are stored once. */
async function openFile({ path, place, compression }: ImportItem): Promise<OpenItem> {
  const { mtimeNs, mode } = await stat(systemPath(path), { bigint: true })
  let bytes = 0
  const content = {
    kind: 'stream',
    async *open(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const piece of decompressed(systemPath(path), compression, signal)) {
        bytes += piece.length
        yield piece
      }
    },
  } as const
  const name = Buffer.from(place.slice(1), 'utf8').toString('latin1')
  const file = madeFile(name, content, { chunks: 'fine', timeNs: mtimeNs, mode: Number(mode) % 0o1000 })
  return { root: madeRoot([], file), remarks: [], wasEmpty: () => bytes === 0, async [Symbol.asyncDispose]() {} }
}
