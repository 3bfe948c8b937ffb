import { createHash } from 'node:crypto'
import type { DirectoryEntry, FileEntry, TarEntry } from '@hikae/engine'
import type { BytePath } from '../../sources/swap/byte-path.ts'
import { type Detail, isWritable } from './entry-facts.ts'
import { fileContent } from './file-content.ts'
import { listedWithout, unchangedOf } from './list-tree.ts'
import type { Listed, Listing } from './listing.ts'
import { type WalkedEntry, walkTree } from './walk-tree.ts'

/** Longer than a tick of any file system's clock. */
const SETTLED_MS = 2000

export interface SendOptions {
  /** Path of the tree in the archive. */
  readonly top: string
  readonly detail: Detail
  /** Something may write to it: what cannot be read is left out, since it is read again. */
  readonly isLive: boolean
  /** What the other side has: only what differs is sent, with all directories. */
  readonly known?: Listing
  /** Files that are sent although they look as if the other side had them. */
  readonly suspects?: ReadonlySet<BytePath>
  /** Milliseconds since the epoch, by the clock of whoever changes files in a tree that is live. */
  readonly now: () => number
  readonly onBytes: (bytes: number) => void
  readonly signal: AbortSignal
}

/** A tree as it is sent; what it was is known when all of it was asked for. */
export class SentTree {
  readonly listing = new Map<BytePath, Listed>()
  /** Files that had to be read to see that they differ: it was too late to send them. */
  readonly missed = new Set<BytePath>()
  /** Entries that the other side did not have so; directories are not counted. */
  changes = 0
  /** Extended attributes that an engine cannot write. */
  lostAttributes = 0
  /** As they were sent, to be sent again when something was removed from them. */
  readonly #directories = new Map<BytePath, TarEntry>()
  readonly #root: DirectoryEntry
  readonly #options: SendOptions
  readonly #sentFirstNames = new Set<BytePath>()

  constructor(root: DirectoryEntry, options: SendOptions) {
    this.#root = root
    this.#options = options
  }

  /** For an archive; called once. */
  async *entries(): AsyncGenerator<TarEntry, void, undefined> {
    const { detail, isLive, signal } = this.#options
    const onUnreadable = ({ error }: { readonly error: Error }): void => {
      if (!isLive) throw error
    }
    for await (const walked of walkTree(this.#root, { signal, onUnreadable })) {
      const listed = listedWithout(walked, detail)
      if (walked.entry.kind === 'file' && walked.link === undefined)
        yield* this.#file(walked.path, walked.entry, listed)
      else yield* this.#other(walked, listed)
    }
  }

  /** For an archive that gives the folders of these paths their times again. */
  foldersOf(paths: readonly BytePath[]): readonly TarEntry[] {
    const folders = new Set(paths.map((path) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')))
    return [...folders].flatMap((folder) => this.#directories.get(folder) ?? [])
  }

  *#other(walked: WalkedEntry, listed: Listed): Generator<TarEntry, void, undefined> {
    const { path, entry, link } = walked
    const isSame = this.#options.known?.get(path)?.facts === listed.facts
    this.listing.set(path, listed)
    if (entry.kind === 'directory') {
      const directory = this.#tarEntry(walked)
      if (this.#options.known) this.#directories.set(path, directory)
      yield directory
    } else if (!isSame || (link !== undefined && this.#sentFirstNames.has(link))) {
      this.changes++
      yield this.#tarEntry(walked)
    }
  }

  async *#file(path: BytePath, entry: FileEntry, listed: Listed): AsyncGenerator<TarEntry, void, undefined> {
    const { known, suspects } = this.#options
    const kept = this.#isSettled(entry) ? listed : { facts: listed.facts }
    const before = known?.get(path)
    const isSuspect = suspects?.has(path) === true
    const unchanged = isSuspect ? undefined : unchangedOf(listed, before)
    if (unchanged !== undefined && before?.facts === listed.facts) {
      this.listing.set(path, { ...listed, digest: unchanged })
      return
    }
    const hash = createHash('sha256')
    const looksTheSame = listed.stamp === undefined && before?.facts === listed.facts && before.digest !== undefined
    if (looksTheSame && !isSuspect) {
      for await (const _ of this.#content(entry, (bytes) => void hash.update(bytes)));
    } else {
      this.changes++
      this.#sentFirstNames.add(path)
      yield { ...this.#tarEntry({ path, entry }), content: this.#content(entry, (bytes) => void hash.update(bytes)) }
    }
    const digest = hash.digest().toString('latin1')
    this.listing.set(path, { ...kept, digest })
    if (looksTheSame && !isSuspect && digest !== before.digest) this.missed.add(path)
  }

  /** A change within the same tick of the clock as the one before shows in no time: such a file is read again. */
  #isSettled({ metadata: { ctimeNs } }: FileEntry): boolean {
    const { isLive, now } = this.#options
    return !isLive || BigInt(now() - SETTLED_MS) * 1_000_000n > ctimeNs
  }

  #tarEntry({ path, entry, link }: WalkedEntry): TarEntry {
    const all = link === undefined ? (entry.extendedAttributes?.() ?? []) : []
    const attributes = all.filter(isWritable)
    this.lostAttributes += all.length - attributes.length
    return {
      path: this.#inArchive(path),
      entry,
      attributes,
      ...(link === undefined ? {} : { link: this.#inArchive(link) }),
    }
  }

  #inArchive(path: BytePath): string {
    return path === '' ? this.#options.top : `${this.#options.top}/${path}`
  }

  async *#content(entry: FileEntry, onPiece: (bytes: Uint8Array) => void): AsyncGenerator<Uint8Array, void, undefined> {
    const { isLive, onBytes, signal } = this.#options
    for await (const bytes of fileContent(entry, { isLive, signal })) {
      onPiece(bytes)
      onBytes(bytes.length)
      yield bytes
    }
  }
}
