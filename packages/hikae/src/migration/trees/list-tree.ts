import { createHash } from 'node:crypto'
import type { DirectoryEntry, FileEntry } from '@hikae/engine'
import { type Detail, factsOf, stampOf } from './entry-facts.ts'
import { fileContent } from './file-content.ts'
import type { Listed, Listing } from './listing.ts'
import { type WalkedEntry, walkTree } from './walk-tree.ts'

export interface ListOptions {
  readonly detail: Detail
  /** The same tree before: what has the same stamp is not read again. */
  readonly known?: Listing
  readonly onBytes: (bytes: number) => void
  readonly signal: AbortSignal
}

/** Reads a tree to its end. @throws what reading throws, and for whatever cannot be read */
export async function listTree(root: DirectoryEntry, options: ListOptions): Promise<Listing> {
  const { detail, known, onBytes, signal } = options
  const listing = new Map<string, Listed>()
  const onUnreadable = ({ error }: { readonly error: Error }): never => {
    throw error
  }
  for await (const walked of walkTree(root, { signal, onUnreadable })) {
    const { path, entry } = walked
    const listed = listedWithout(walked, detail)
    if (entry.kind !== 'file' || walked.link !== undefined) {
      listing.set(path, listed)
      continue
    }
    const before = unchangedOf(listed, known?.get(path))
    const digest = before ?? (await digestOf(entry, { onBytes, signal }))
    listing.set(path, { ...listed, digest })
  }
  return listing
}

/** What is known of an entry before its content is read. */
export function listedWithout(walked: WalkedEntry, detail: Detail): Listed {
  const { entry, link } = walked
  const facts = factsOf(walked, detail)
  const isOfThisHost = entry.kind === 'file' && link === undefined && entry.content.kind === 'path'
  return isOfThisHost ? { facts, stamp: stampOf(entry.metadata) } : { facts }
}

/** @returns the digest of a file that did not change */
export function unchangedOf({ stamp }: Listed, before: Listed | undefined): string | undefined {
  return stamp !== undefined && before?.stamp === stamp ? before.digest : undefined
}

async function digestOf(
  entry: FileEntry,
  { onBytes, signal }: Pick<ListOptions, 'onBytes' | 'signal'>,
): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of fileContent(entry, { isLive: false, signal })) {
    hash.update(bytes)
    onBytes(bytes.length)
  }
  return hash.digest().toString('latin1')
}
