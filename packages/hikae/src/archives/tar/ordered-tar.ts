import type { Entry, FileEntry } from '@hikae/engine'
import { ArchiveError, DAMAGED_HINT } from '../archive-error.ts'
import { shown } from './contents.ts'
import { MemberCursor, type NextMember } from './member-cursor.ts'
import { type FileIdentity, inodeOf, memberDirectory, memberEntry, memberLink, ONLY_NAME } from './member-entry.ts'
import { memberPath } from './member-path.ts'
import type { TarMember } from './member.ts'
import { StreamBytes } from './stream-bytes.ts'

/** What was given. */
export interface TarCounts {
  /** Names of files; the content of those that are not links was read to its end. */
  readonly files: number
  readonly directories: number
  /** Links and special files. */
  readonly others: number
  readonly bytes: number
}

export interface OrderedTar extends AsyncDisposable {
  /** What the archive begins with: a directory with all else in it, or the only thing in it. */
  readonly entry: Entry
  /**
   * Called when the entry was walked.
   *
   * @throws {ArchiveError} not all of the archive was asked for
   */
  finish(): TarCounts
}

/**
 * Opens an archive that comes as a stream, a directory before what is in it and nothing between, as entries. They have to be
 * asked for as a backup does: depth first, and each content before the next entry; what is not asked for is passed over.
 * Nothing is kept but the names in the directories that are open, and links and special files. The end of the archive is proven before the last
 * directory ends.
 *
 * A stream does not tell of a file that it has further names until they come. So each file says that it has two, which
 * makes a restore look for the other; the names of a file have the same inode, made from its first path.
 *
 * @throws {ArchiveError} damaged, empty, in another order, or with names that lead elsewhere
 */
export async function openOrderedTar(source: AsyncIterable<Uint8Array>): Promise<OrderedTar> {
  const bytes = new StreamBytes(source)
  try {
    const walk = new OrderedWalk(new MemberCursor(bytes))
    return {
      entry: await walk.first(),
      finish: () => walk.finish(),
      [Symbol.asyncDispose]: () => bytes.close(),
    }
  } catch (error) {
    await bytes.close()
    throw error
  }
}

class OrderedWalk {
  readonly #cursor: MemberCursor
  readonly #counts = { files: 0, directories: 0, others: 0, bytes: 0 }
  /** Links and special files by their paths: a hard link does not say that it is one to these. */
  readonly #others = new Map<string, TarMember>()
  /** Components of what the archive begins with. */
  #top: readonly string[] = []

  constructor(cursor: MemberCursor) {
    this.#cursor = cursor
  }

  async first(): Promise<Entry> {
    const next = await this.#cursor.peek()
    if (!next) throw new ArchiveError('the archive is empty', { hint: DAMAGED_HINT })
    if (next.path.length > 1) throw outOfOrder(next)
    this.#top = next.path
    this.#cursor.take()
    const entry = this.#entryOf(next)
    if (entry.kind === 'file') return this.#alone(entry)
    if (entry.kind !== 'directory') await this.#refuseMore()
    return entry
  }

  finish(): TarCounts {
    if (!this.#cursor.isAtEnd) throw new ArchiveError('the archive was not read to its end', { hint: DAMAGED_HINT })
    return { ...this.#counts }
  }

  /** A file with nothing after it: the end is proven when its content is read. */
  #alone(entry: FileEntry): Entry {
    const { content } = entry
    if (content.kind !== 'stream') return entry
    const prove = (): Promise<void> => this.#refuseMore()
    return {
      ...entry,
      content: {
        ...content,
        async *open(signal) {
          yield* content.open(signal)
          await prove()
        },
      },
    }
  }

  async #refuseMore(): Promise<void> {
    const more = await this.#cursor.peek()
    if (more) throw outOfOrder(more)
  }

  async *#children(path: readonly string[], signal: AbortSignal): AsyncGenerator<Entry, void, undefined> {
    const names = new Set<string>()
    for (let next; (next = await this.#cursor.peek());) {
      signal.throwIfAborted()
      if (!isBelow(next.path, path)) {
        // The directory that this one is in goes on, if there is one.
        if (path.length > this.#top.length) return
        throw outOfOrder(next)
      }
      const name = next.path.at(-1)!
      if (next.path.length !== path.length + 1 || names.has(name)) throw outOfOrder(next)
      names.add(name)
      this.#cursor.take()
      yield this.#entryOf(next)
    }
  }

  #entryOf({ member, path }: NextMember): Entry {
    const name = path.at(-1) ?? ''
    if (member.kind === 'directory') {
      this.#counts.directories++
      return memberDirectory(name, member, (signal) => this.#children(path, signal))
    }
    if (member.kind === 'hard-link') {
      const target = this.#targetOf(member)
      const other = this.#others.get(target.join('/'))
      if (other) {
        this.#counts.others++
        return memberEntry(name, other, ONLY_NAME)
      }
      this.#counts.files++
      return memberLink(name, member, sharedIdentity(target))
    }
    if (member.kind === 'file') return memberEntry(name, member, sharedIdentity(path), () => this.#content(member))
    this.#counts.others++
    this.#others.set(path.join('/'), member)
    return memberEntry(name, member, ONLY_NAME)
  }

  async *#content(member: TarMember): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.#cursor.content(member)) {
      this.#counts.bytes += piece.length
      yield piece
    }
    this.#counts.files++
  }

  #targetOf({ name, target }: TarMember): readonly string[] {
    const path = memberPath(target)
    if (isBelow(path, this.#top)) return path
    throw new ArchiveError(`${shown(name)} is a hard link to ${shown(target)}, which is not before it`, {
      hint: DAMAGED_HINT,
    })
  }
}

function sharedIdentity(path: readonly string[]): FileIdentity {
  return { inode: inodeOf(path.join('/')), links: 2n }
}

function isBelow(path: readonly string[], directory: readonly string[]): boolean {
  return path.length > directory.length && directory.every((name, index) => path[index] === name)
}

function outOfOrder({ member }: NextMember): ArchiveError {
  return new ArchiveError(`${shown(member.name)} comes twice in the archive, or not with the rest of its directory`, {
    hint: DAMAGED_HINT,
  })
}
