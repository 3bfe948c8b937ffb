import type { FileEntry } from '../../entry.ts'
import type { StoredContent } from '../../workers/backup-protocol.ts'

interface Remembered {
  /** Raw ids as latin1: half of what hexadecimal needs. */
  readonly ids: string
  readonly size: number
}

/**
 * What was stored of streams that may have further names. About 150 bytes for each such file, and 32 for each part of its
 * content after the first.
 */
export class LinkedContents {
  readonly #contents = new Map<bigint, Remembered>()

  /** Of files that have no other name nothing is kept. */
  remember({ metadata }: FileEntry, { ids, size }: StoredContent): void {
    if (metadata.links < 2n) return
    this.#contents.set(metadata.inode, { ids: Buffer.from(ids, 'hex').toString('latin1'), size })
  }

  find({ metadata }: FileEntry): StoredContent | undefined {
    const found = this.#contents.get(metadata.inode)
    return found && { ids: Buffer.from(found.ids, 'latin1').toString('hex'), size: found.size }
  }
}
