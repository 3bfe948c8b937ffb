import { sha256Id } from '../../crypto/hash.ts'
import { DamagedError } from '../../errors.ts'
import { type Id, shortId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import type { Node } from '../../tree/node.ts'
import { walkInOrder, type WalkedEntry } from '../ordered-walk.ts'
import { plaintextSize } from '../plaintext-size.ts'

/** Each content once. What has no content, directories among it, counts as one empty file, as in restic. */
export async function countFilesByContents(
  repository: Repository,
  snapshots: readonly Pick<Snapshot, 'tree'>[],
  signal?: AbortSignal,
): Promise<{ totalSize: number; totalFiles: number }> {
  let [totalSize, totalFiles] = [0, 0]
  for await (const { node } of newContents(repository, snapshots, signal)) {
    totalSize += node.size ?? 0
    totalFiles++
  }
  return { totalSize, totalFiles }
}

/** Of each content, under the first path it occurs at, each blob once; a path counts as one file. */
export async function countBlobsPerFile(
  repository: Repository,
  snapshots: readonly Pick<Snapshot, 'tree'>[],
  signal?: AbortSignal,
): Promise<{ totalSize: number; totalFiles: number; totalBlobs: number }> {
  const paths = new IdSet()
  const blobsOfPaths = new IdSet()
  let totalSize = 0
  for await (const { path, node } of newContents(repository, snapshots, signal)) {
    for (const id of node.content ?? []) {
      paths.add(idOf(path))
      if (!blobsOfPaths.add(idOf(`${id}${path}`))) continue
      const location = repository.index.find('data', id)
      if (!location) throw new DamagedError(`data blob ${shortId(id)} is in no index`, { hint: 'run `hikae check`' })
      totalSize += plaintextSize(location)
    }
  }
  return { totalSize, totalFiles: paths.size, totalBlobs: blobsOfPaths.size }
}

/** The first entry with each content. A tree that was seen before, at whatever path, has nothing new. */
async function* newContents(
  repository: Repository,
  snapshots: readonly Pick<Snapshot, 'tree'>[],
  signal: AbortSignal | undefined,
): AsyncGenerator<WalkedEntry> {
  const trees = new IdSet()
  const contents = new IdSet()
  for (const { tree } of snapshots) {
    if (!trees.add(tree)) continue
    for await (const entry of walkInOrder(repository, tree, { signal, descend: (_, subtree) => trees.add(subtree) })) {
      if (contents.add(contentId(entry.node))) yield entry
    }
  }
}

function contentId({ content }: Node): Id {
  return sha256Id(Buffer.from((content ?? []).join(''), 'hex'))
}

function idOf(bytes: string): Id {
  return sha256Id(Buffer.from(bytes, 'latin1'))
}
