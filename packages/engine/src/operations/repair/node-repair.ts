import type { BlobIndex } from '../../index/blob-index.ts'
import type { BlobId } from '../../ids.ts'
import type { Node } from '../../tree/node.ts'
import { plaintextSize } from '../plaintext-size.ts'

/** What was wrong with an entry, as it is repaired: see `repairSnapshots`. */
export type EntryRepair =
  /** Of a kind that no backup makes, or without a name: removed. */
  | { readonly kind: 'entry-removed' }
  /** Parts of the file's content are gone: what is left is closed up. Sizes in bytes. */
  | {
      readonly kind: 'content-lost'
      readonly blobsLost: number
      readonly blobsLeft: number
      readonly sizeBefore: number
      readonly sizeAfter: number
    }
  /** The content is whole, but its size was not what the entry says. Bytes. */
  | { readonly kind: 'size-corrected'; readonly sizeBefore: number; readonly sizeAfter: number }

/** An entry that can be restored from what the index knows; undefined where nothing can be made of it. */
export function repairNode(node: Node, index: BlobIndex): { node: Node | undefined; repair?: EntryRepair } {
  if (node.type === 'irregular' || node.name === '') return { node: undefined, repair: { kind: 'entry-removed' } }
  if (node.type !== 'file') return { node }
  const { left, sizeAfter } = contentLeft(node.content ?? [], index)
  const blobsLost = (node.content?.length ?? 0) - left.length
  const sizeBefore = node.size ?? 0
  if (blobsLost === 0 && sizeBefore === sizeAfter && node.content !== null) return { node }
  const { size: _, ...rest } = node
  const repaired = { ...rest, content: left, ...(sizeAfter > 0 ? { size: sizeAfter } : {}) }
  const isLost = blobsLost > 0 || (node.content === null && sizeBefore > 0)
  const repair: EntryRepair = isLost
    ? { kind: 'content-lost', blobsLost, blobsLeft: left.length, sizeBefore, sizeAfter }
    : { kind: 'size-corrected', sizeBefore, sizeAfter }
  return { node: repaired, repair }
}

function contentLeft(content: readonly BlobId[], index: BlobIndex): { left: BlobId[]; sizeAfter: number } {
  const left: BlobId[] = []
  let sizeAfter = 0
  for (const id of content) {
    const location = index.find('data', id)
    if (location === undefined) continue
    left.push(id)
    sizeAfter += plaintextSize(location)
  }
  return { left, sizeAfter }
}
