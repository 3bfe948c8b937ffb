/* oxlint-disable no-restricted-imports -- two million blobs are stored one by one in a minute, which the engine does not
   offer to others: its `backUp` wants files on a disk to be as fast */
import { openLocalBackend } from '../../../packages/engine/src/backend/local.ts'
import type { TreeId } from '../../../packages/engine/src/ids.ts'
import { BlobWriter } from '../../../packages/engine/src/repository/blob-writer.ts'
import { initRepository } from '../../../packages/engine/src/repository/init.ts'
import { openRepository } from '../../../packages/engine/src/repository/open.ts'
import { encodeSnapshot } from '../../../packages/engine/src/snapshot/codec.ts'
import { nodesToTree } from '../../../packages/engine/src/tree/encode.ts'
import { goMode } from '../../../packages/engine/src/tree/mode.ts'
import type { Node } from '../../../packages/engine/src/tree/node.ts'
import type { CreateOptions, DataSetFacts, RepositorySet } from './data-set.ts'
import { SeededBytes } from './random.ts'

const fullCount = 2_000_000
const blobBytes = 100
const filesPerGroup = 100
const filesPerPart = 40 * filesPerGroup

/** Each of the snapshots has two thirds of the files; the second is the one to keep. */
const snapshots = [
  { time: '2026-01-02T03:04:05Z', isIn: (file: number) => file % 3 !== 2 },
  { time: '2026-01-03T03:04:05Z', isIn: (file: number) => file % 3 !== 0 },
]

/**
 * A repository of two million files of 100 bytes, each a blob of its own, in two snapshots that share half of what they
 * have, so that every pack of the first has something to prune. The files never lie on a disk. Only when asked for.
 */
export const blobs: RepositorySet = { kind: 'repository', name: 'blobs', wantedName: 'file-1', create }

async function create(directory: string, scale: number, { password, signal }: CreateOptions): Promise<DataSetFacts> {
  const count = Math.ceil(fullCount * scale)
  const owner = { hostname: 'bench', username: 'bench' }
  const backend = await openLocalBackend(directory)
  await initRepository(backend, { password, ...owner })
  await using repository = await openRepository(backend, { password })
  // No index is loaded: the repository is new, and the writer knows what it has written itself.
  const writer = new BlobWriter(repository, { signal, isStored: () => false })
  const roots: TreeId[] = []
  for (const { isIn } of snapshots) roots.push(await storeTree(writer, count, isIn))
  await writer.finish()
  for (const [index, { time }] of snapshots.entries()) {
    const snapshot = encodeSnapshot({ time, tree: roots[index]!, paths: ['/data'], ...owner })
    await repository.writeUnpacked('snapshot', snapshot, signal)
  }
  return { files: count, bytes: count * blobBytes }
}

/** All files that are in the snapshot, a hundred numbers in a directory and forty of these in another. */
async function storeTree(writer: BlobWriter, count: number, isIn: (file: number) => boolean): Promise<TreeId> {
  const parts: Node[] = []
  for (let part = 0; part < count; part += filesPerPart) {
    const groups: Node[] = []
    for (let group = part; group < Math.min(count, part + filesPerPart); group += filesPerGroup) {
      const files: Node[] = []
      for (let file = group; file < Math.min(count, group + filesPerGroup); file++) {
        if (isIn(file)) files.push(await storeFile(writer, file))
      }
      groups.push(directoryNode(`group-${group}`, await writer.add('tree', nodesToTree(files))))
    }
    parts.push(directoryNode(`part-${part}`, await writer.add('tree', nodesToTree(groups))))
  }
  return await writer.add('tree', nodesToTree(parts))
}

const noise = new SeededBytes('blobs noise').next(blobBytes)
const times = { mtime: '2026-01-02T03:04:05Z', atime: '2026-01-02T03:04:05Z', ctime: '2026-01-02T03:04:05Z' }

/** Noise that differs in its first bytes: no two files are equal, and none can be compressed. */
async function storeFile(writer: BlobWriter, file: number): Promise<Node> {
  noise.writeUInt32LE(file)
  const content = [await writer.add('data', noise)]
  return {
    name: `file-${file}`,
    type: 'file',
    mode: 0o644,
    ...times,
    uid: 0,
    gid: 0,
    size: blobBytes,
    links: 1n,
    content,
  }
}

function directoryNode(name: string, subtree: TreeId): Node {
  return { name, type: 'dir', mode: goMode(0o040755), ...times, uid: 0, gid: 0, content: null, subtree }
}
