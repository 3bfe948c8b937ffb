import { createHash } from 'node:crypto'
import type { KnownEntry } from './entry-difference.ts'

/** A volume at one moment: by its mark one sees later whether something has changed since. */
export interface MarkedVolume {
  readonly mark: string
  /** When something in it was last written, as far as times of modification tell. */
  readonly modified: Date
}

/** Gathers the mark of a volume while it is walked. */
export class VolumeMark {
  readonly #hash = createHash('sha256')
  #newestNs = 0n

  /** @param digest of the content, where times and inodes do not prove that it has not changed */
  add(path: string, { kind, metadata }: KnownEntry, digest = ''): void {
    const { mode, uid, gid, size, inode, mtimeNs, ctimeNs } = metadata
    if (mtimeNs > this.#newestNs) this.#newestNs = mtimeNs
    const line = [path, kind, mode, uid, gid, size, inode, mtimeNs, ctimeNs, digest].join('\0')
    this.#hash.update(`${line}\n`, 'latin1')
  }

  end(): MarkedVolume {
    return { mark: this.#hash.digest('hex'), modified: new Date(Number(this.#newestNs / 1_000_000n)) }
  }
}
