import { type BlobId, shortId } from '../../ids.ts'
import type { IdSet } from '../../index/id-set.ts'
import type { Node } from '../../tree/node.ts'
import type { FindingKind } from './findings.ts'
import type { BlobPlaces } from './unindexed.ts'

const NULL_ID = '0'.repeat(64)

export interface EntryProblem {
  readonly kind: Extract<FindingKind, 'entry-invalid' | 'blob-missing' | 'file-unindexed' | 'file-affected'>
  /** Goes behind the path. */
  readonly text: string
}

/**
 * The first thing wrong with an entry of a directory. Sizes are not compared with the content: see §17.4.
 *
 * @param lost data of which no usable copy is left, as far as that is known
 */
export function problemOf(node: Node, places: BlobPlaces, lost?: IdSet): EntryProblem | undefined {
  if (node.name === '') return { kind: 'entry-invalid', text: 'has no name' }
  switch (node.type) {
    case 'file':
      return problemOfContent(node.content, places, lost)
    case 'dir':
      if (hasListing(node)) return undefined
      return { kind: 'entry-invalid', text: 'is a directory without a listing' }
    case 'irregular':
      return { kind: 'entry-invalid', text: 'is of a kind that cannot be restored' }
    case 'symlink':
    case 'dev':
    case 'chardev':
    case 'fifo':
    case 'socket':
      return undefined
  }
}

/** Whether a directory says where its listing is. */
export function hasListing({ subtree }: Node): boolean {
  return subtree !== undefined && subtree !== NULL_ID
}

function problemOfContent(content: Node['content'], places: BlobPlaces, lost?: IdSet): EntryProblem | undefined {
  if (content === null) return { kind: 'entry-invalid', text: 'is a file without a list of its content' }
  let [missing, gone, unindexed] = [0, 0, 0]
  let firstMissing: BlobId | undefined
  for (const id of content) {
    const place = places.find('data', id)
    if (place === 'nowhere') {
      missing++
      firstMissing ??= id
    } else if (lost?.has(id)) gone++
    else if (place === 'unindexed') unindexed++
  }
  const of = `of ${content.length} blobs`
  if (firstMissing !== undefined) {
    return { kind: 'blob-missing', text: `lacks ${missing} ${of}, the first is ${shortId(firstMissing)}` }
  }
  if (gone > 0) return { kind: 'file-affected', text: `has lost ${gone} ${of}` }
  if (unindexed === 0) return undefined
  return { kind: 'file-unindexed', text: `has ${unindexed} ${of} in packs that no index names` }
}
