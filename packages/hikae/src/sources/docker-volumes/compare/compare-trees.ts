import type { DirectoryEntry, FileEntry } from '@hikae/engine'
import { inodeOf } from '../../../archives/tar/member-entry.ts'
import { printablePath } from '../../swap/byte-path.ts'
import { contentDigest } from './content-digest.ts'
import { entryDifference, type Exactness, type KnownEntry } from './entry-difference.ts'
import { type MarkedVolume, VolumeMark } from './volume-mark.ts'
import { comparePaths, type WalkedEntry, walkEntries } from './walk-entries.ts'

export interface TreesToCompare {
  /** As an archive has it: see `openOrderedTar`. */
  readonly saved: DirectoryEntry
  /** Under the same name; from an archive too, or from the file system. */
  readonly present: DirectoryEntry
  readonly exactness: Exactness
  readonly signal: AbortSignal
  /** Told of bytes of the present that were compared. */
  readonly onBytes?: (bytes: number) => void
}

export type Comparison =
  | ({ readonly kind: 'same'; readonly bytes: number } & MarkedVolume)
  /** `uploads/logo.svg was changed at another time` */
  | { readonly kind: 'different'; readonly difference: string }

/**
 * Compares what was saved with what is there, byte for byte, up to the first difference: names, kinds, content, owners, modes,
 * times of modification, targets, devices, attributes, and which names are of one file. Both are read once and in step;
 * nothing is kept but which files have several names.
 *
 * @throws what reading either throws, also when something that is there cannot be read
 */
export async function compareTrees({ saved, present, ...options }: TreesToCompare): Promise<Comparison> {
  const { signal } = options
  const walks = { saved: walkEntries(saved, signal), present: walkEntries(present, signal) }
  const pairing = new Pairing(present.name, options)
  try {
    for (;;) {
      const [before, now] = [await walks.saved.next(), await walks.present.next()]
      if (before.done && now.done) return pairing.end()
      const difference =
        before.done || now.done || before.value.path !== now.value.path
          ? onlyInOne(before.done ? undefined : before.value, now.done ? undefined : now.value)
          : await pairing.difference(before.value, now.value)
      if (difference !== undefined) return { kind: 'different', difference }
    }
  } finally {
    await walks.saved.return()
    await walks.present.return()
  }
}

function onlyInOne(before: WalkedEntry | undefined, now: WalkedEntry | undefined): string {
  if (now && (!before || comparePaths(now.path, before.path) < 0)) {
    if (now.entry.kind === 'unreadable') throw now.entry.error
    return `${shown(now.path)} is new`
  }
  return `${shown(before!.path)} is gone`
}

class Pairing {
  readonly #name: string
  readonly #options: Omit<TreesToCompare, 'saved' | 'present'>
  readonly #mark = new VolumeMark()
  /** First names of files of the file system that have several. */
  readonly #firstNames = new Map<string, string>()
  #bytes = 0

  constructor(name: string, options: Omit<TreesToCompare, 'saved' | 'present'>) {
    this.#name = name
    this.#options = options
  }

  async difference({ path, entry: saved }: WalkedEntry, { entry: present }: WalkedEntry): Promise<string | undefined> {
    for (const entry of [saved, present]) if (entry.kind === 'unreadable') throw entry.error
    const found = await this.#differenceOf(path, saved as KnownEntry, present as KnownEntry)
    return found === undefined ? undefined : `${shown(path)} ${found}`
  }

  end(): Comparison {
    return { kind: 'same', bytes: this.#bytes, ...this.#mark.end() }
  }

  async #differenceOf(path: string, saved: KnownEntry, present: KnownEntry): Promise<string | undefined> {
    const found = entryDifference(saved, present, this.#options.exactness)
    if (found !== undefined) return found
    const digest = saved.kind === 'file' && present.kind === 'file' ? await this.#compare(path, saved, present) : {}
    this.#mark.add(path, present, digest.stored)
    return digest.difference
  }

  /** @returns in what the content differs, or what of it belongs to the mark */
  async #compare(
    path: string,
    saved: FileEntry,
    present: FileEntry,
  ): Promise<{ difference?: string; stored?: string }> {
    const other = this.#otherName(path, present)
    if (saved.content.kind === 'link' || other !== undefined) {
      const isSame = saved.content.kind === 'link' && saved.metadata.inode === other
      return isSame ? {} : { difference: 'is no longer a name of the same file as before' }
    }
    if (present.content.kind === 'link') throw new Error(`${shown(path)} is a name of a file that was not before it`)
    const before = await contentDigest({ metadata: saved.metadata, content: saved.content }, this.#options.signal)
    const now = await contentDigest({ metadata: present.metadata, content: present.content }, this.#options.signal)
    this.#bytes += now.bytes
    this.#options.onBytes?.(now.bytes)
    if (before.digest !== now.digest) return { difference: 'has another content' }
    return present.content.kind === 'path' ? {} : { stored: now.digest }
  }

  /** Of which file before it this is another name: by the number that an archive gives to that one. */
  #otherName(path: string, { content, metadata }: FileEntry): bigint | undefined {
    if (content.kind === 'link') return metadata.inode
    if (content.kind !== 'path' || metadata.links < 2n) return undefined
    const file = `${metadata.deviceId}:${metadata.inode}`
    const first = this.#firstNames.get(file)
    if (first === undefined) this.#firstNames.set(file, path)
    return first === undefined ? undefined : inodeOf(`${this.#name}${first}`)
  }
}

function shown(path: string): string {
  return path === '' ? 'the volume itself' : printablePath(path.slice(1))
}
