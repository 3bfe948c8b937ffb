import type { ChunkProfileName, DirectoryEntry, Entry, EntryMetadata, FileEntry } from '../../entry.ts'
import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import type { BlobId, TreeId } from '../../ids.ts'
import type { BlobTable } from '../../index/blob-table.ts'
import type { BlobStorer } from '../../pack/blob-storer.ts'
import type { Repository } from '../../repository/repository.ts'
import { encodeName, encodeNode, encodeTree } from '../../tree/encode.ts'
import type { ExtendedAttribute, Node } from '../../tree/node.ts'
import type { StoredContent } from '../../workers/backup-protocol.ts'
import { reviveError } from '../../workers/thread-error.ts'
import type { ContentQueue } from './content-queue.ts'
import { LinkedContents } from './linked-contents.ts'
import { entryNode, type NodeParts, type StorableEntry } from './entry-node.ts'
import { type NamedNode, OpenDirectory } from './open-directory.ts'
import { Pace } from '../pace.ts'
import { loadParentDirectory, type ParentDirectory, subtreeOf } from './parent-directory.ts'
import type { ProgressReporter } from './progress.ts'
import type { BackupItem, UnreadableItem } from './report.ts'
import { type ChangeRules, findUnchanged, type Unchanged } from './unchanged.ts'

export interface ArchiverOptions {
  readonly queue: ContentQueue
  readonly trees: BlobStorer
  readonly table: BlobTable
  /** The repositories still written to, as a mask: content that one of them lacks is read again. */
  readonly wanted: () => number
  /** Where the trees of the parent snapshot are. */
  readonly parentRepository: Repository | undefined
  readonly rules: ChangeRules
  readonly withAtime: boolean
  readonly chunks: ChunkProfileName
  readonly progress: ProgressReporter
  readonly signal: AbortSignal
  readonly onItem: ((item: BackupItem) => void) | undefined
  readonly onUnreadable: (item: UnreadableItem) => void
}

export interface StoredTree {
  readonly id: TreeId
  readonly isEmpty: boolean
}

/** Walks entries depth first, has content stored, and builds the trees from the leaves to the root. */
export class Archiver {
  readonly #options: ArchiverOptions
  readonly #pace = new Pace()
  readonly #linked = new LinkedContents()

  constructor(options: ArchiverOptions) {
    this.#options = options
  }

  /** Resolves with the root's tree when all content below it has been stored or is in a pack on its way. */
  async archive(root: DirectoryEntry, parent: TreeId | undefined): Promise<StoredTree> {
    const { stored } = await this.#readDirectory(root, '', parent)
    this.#options.queue.flush()
    return await stored
  }

  /** Reads a directory to its end; `stored` follows when the content of everything below is known. */
  async #readDirectory(
    entry: DirectoryEntry,
    path: string,
    parentTree: TreeId | undefined,
  ): Promise<{ stored: Promise<StoredTree> }> {
    const { signal } = this.#options
    const parent = await this.#loadParent(parentTree)
    const directory = new OpenDirectory(path, parent)
    const children = entry.children(signal)
    if (Symbol.iterator in children) {
      for (const child of children) {
        const work = this.#addChild(directory, child)
        if (work) await work
        if (this.#pace.isTired) await this.#pace.rest()
      }
    } else {
      for await (const child of children) await this.#addChild(directory, child)
    }
    directory.arrive(undefined)
    const stored = directory.whole.then((nodes) => this.#storeTree(nodes))
    stored.catch(() => undefined)
    return { stored }
  }

  async #loadParent(tree: TreeId | undefined): Promise<ParentDirectory | undefined> {
    const { parentRepository, signal } = this.#options
    if (tree === undefined || parentRepository === undefined) return undefined
    return await loadParentDirectory(parentRepository, tree, signal)
  }

  /** Synchronous where it can be: a promise for each of a million unchanged files would cost more than the files. */
  #addChild(directory: OpenDirectory, entry: Entry): Promise<void> | undefined {
    if (entry.kind === 'unreadable') {
      this.#reportUnreadable(entry.path, entry.error)
      return undefined
    }
    const path = childPath(directory.path === '' ? '/' : directory.path, entry.name)
    if (entry.kind === 'directory') return this.#addDirectory(directory, entry, path)
    if (entry.kind === 'file') return this.#addFile(directory, entry, path)
    const text = encodeNode(this.#node(entry, entry.metadata, { attributes: this.#attributes(entry, path) }))
    directory.add({ name: entry.name, text })
    return undefined
  }

  async #addDirectory(directory: OpenDirectory, entry: DirectoryEntry, path: string): Promise<void> {
    const attributes = this.#attributes(entry, path)
    const before = directory.parent?.get(encodeName(entry.name))
    const subtree = before === undefined ? undefined : subtreeOf(before)
    const { stored } = await this.#readDirectory(entry, path, subtree)
    directory.await()
    stored.then(
      ({ id }) => {
        const text = encodeNode(this.#node(entry, entry.metadata, { subtree: id, attributes }))
        this.#countDirectory(subtree === undefined ? undefined : before, text, path)
        directory.arrive({ name: entry.name, text })
      },
      (error: unknown) => directory.fail(error),
    )
  }

  #addFile(directory: OpenDirectory, entry: FileEntry, path: string): Promise<void> | undefined {
    if (entry.content.kind === 'link') return this.#addLink(directory, entry, path)
    const before = directory.parent?.get(encodeName(entry.name))
    const isAlwaysRead = entry.content.kind === 'stream' && entry.content.isAlwaysRead === true
    const unchanged = before === undefined || isAlwaysRead ? undefined : this.#findUnchanged(entry, before)
    if (unchanged === undefined) return this.#addChangedFile(directory, entry, path, before !== undefined)
    if (entry.content.kind === 'stream') {
      this.#linked.remember(entry, { ids: unchanged.content.join(''), size: entry.metadata.size })
    }
    const { counters } = this.#options.progress
    counters.filesUnmodified++
    counters.filesDone++
    counters.bytesDone += entry.metadata.size
    counters.bytesUnchanged += entry.metadata.size
    this.#options.onItem?.({ action: 'unchanged', kind: 'file', path, size: entry.metadata.size })
    const text = unchanged.kind === 'identical' ? unchanged.text : this.#fileText(entry, path, unchanged.content)
    directory.add({ name: entry.name, text })
    return undefined
  }

  #fileText(entry: FileEntry, path: string, content: readonly BlobId[]): string {
    return encodeNode(this.#node(entry, entry.metadata, { content, attributes: this.#attributes(entry, path) }))
  }

  /** Content counts as unchanged only when every repository has all of it; else it is read, which mends them. */
  #findUnchanged(entry: FileEntry, before: string): Unchanged | undefined {
    const { table, wanted, rules } = this.#options
    const node = this.#node(entry, entry.metadata, {})
    const unchanged = findUnchanged(encodeNode(node), node, before, rules)
    if (unchanged === undefined) return undefined
    const mask = wanted()
    return unchanged.content.every((id) => (table.knownId('data', id) & mask) === mask) ? unchanged : undefined
  }

  async #addChangedFile(directory: OpenDirectory, entry: FileEntry, path: string, isKnown: boolean): Promise<void> {
    const { queue, progress } = this.#options
    if (queue.isFull) await queue.room()
    this.#options.signal.throwIfAborted()
    progress.currentFile = printablePath(path)
    const { content, chunks: profile = this.#options.chunks } = entry
    if (content.kind === 'stream') {
      // A stream ends before the next entry is asked for; what it throws fails the backup: it cannot be vouched for.
      const stored = await queue.stream(content.open(this.#options.signal), profile)
      this.#linked.remember(entry, stored)
      directory.add(this.#storedFile(entry, path, stored, isKnown)!)
    }
    if (content.kind !== 'path') return
    const { size, mtimeNs, ctimeNs, inode } = entry.metadata
    directory.await()
    queue.file(
      { path: latin1(content.path), profile, size, mtimeNs, ctimeNs, inode },
      {
        stored: (stored) => directory.arrive(this.#storedFile(entry, path, stored, isKnown)),
        failed: (error) => directory.fail(error),
      },
    )
  }

  #addLink(directory: OpenDirectory, entry: FileEntry, path: string): undefined {
    const content = this.#linked.find(entry)
    if (!content) {
      const error = new Error('the first name of this file is not in the backup, and its content came with that')
      this.#reportUnreadable(printablePath(path), error)
      return
    }
    const { counters } = this.#options.progress
    counters.filesDone++
    counters.bytesDone += content.size
    const isKnown = directory.parent?.get(encodeName(entry.name)) !== undefined
    directory.add(this.#storedFile(entry, path, content, isKnown)!)
  }

  /** @returns undefined when the file could not be read; one that is gone by now is left out as if it had never been */
  #storedFile(entry: FileEntry, path: string, stored: StoredContent, isKnown: boolean): NamedNode | undefined {
    if (stored.error) {
      if (stored.error.code !== 'ENOENT') this.#reportUnreadable(printablePath(path), reviveError(stored.error))
      return undefined
    }
    const content = splitIds(stored.ids)
    const metadata = { ...entry.metadata, ...stored.metadata }
    const attributes = this.#attributes(entry, path)
    const { counters } = this.#options.progress
    if (isKnown) counters.filesChanged++
    else counters.filesNew++
    this.#options.onItem?.({ action: isKnown ? 'changed' : 'new', kind: 'file', path, size: stored.size })
    const text = encodeNode(this.#node(entry, metadata, { content, size: stored.size, attributes }))
    return { name: entry.name, text }
  }

  #node(entry: StorableEntry, metadata: EntryMetadata, parts: Omit<NodeParts, 'withAtime'>): Node {
    return entryNode(entry, metadata, { ...parts, withAtime: this.#options.withAtime })
  }

  /** Attributes that cannot be read make the backup incomplete, but the entry is kept without them. */
  #attributes(entry: StorableEntry, path: string): readonly ExtendedAttribute[] {
    try {
      return entry.extendedAttributes?.() ?? []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#reportUnreadable(printablePath(path), error as Error)
      return []
    }
  }

  #storeTree(nodes: readonly NamedNode[]): StoredTree {
    const sorted = nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const tree = encodeTree(sorted.map(({ text }) => text))
    return { id: this.#options.trees.store(tree).toString('hex') as TreeId, isEmpty: nodes.length === 0 }
  }

  #countDirectory(before: string | undefined, text: string, path: string): void {
    const { counters } = this.#options.progress
    const action = before === undefined ? 'new' : before === text ? 'unchanged' : 'changed'
    if (action === 'new') counters.dirsNew++
    else if (action === 'changed') counters.dirsChanged++
    else counters.dirsUnmodified++
    this.#options.onItem?.({ action, kind: 'directory', path, size: 0 })
  }

  #reportUnreadable(path: string, error: Error): void {
    this.#options.progress.counters.errors++
    this.#options.onUnreadable({ path, error })
  }
}

function latin1(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1')
}

function splitIds(ids: string): BlobId[] {
  return Array.from({ length: ids.length / 64 }, (_, index) => ids.slice(index * 64, index * 64 + 64) as BlobId)
}
