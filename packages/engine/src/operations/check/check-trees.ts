import { FileMissingError, RangeOutsideFileError } from '../../backend/backend.ts'
import { mapConcurrently } from '../../concurrency.ts'
import { DamagedError } from '../../errors.ts'
import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import { shortId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import { BlobReader } from '../../repository/blob-reader.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { decodeTree } from '../../tree/decode.ts'
import type { Node } from '../../tree/node.ts'
import { pathOfPlace, type TreePlace, walkTrees } from '../tree-walk.ts'
import type { FindingKind, Findings } from './findings.ts'

const NULL_ID = '0'.repeat(64)

/** Every snapshot that can be read; the others become findings. Newest first, so that damage is named where it matters. */
export async function readSnapshots(
  repository: Repository,
  findings: Findings,
  signal?: AbortSignal,
): Promise<StoredSnapshot[]> {
  const stored = await repository.listIds('snapshot', signal)
  const read = await mapConcurrently(stored, repository.backend.connections, async ({ id }) => {
    try {
      return await repository.readSnapshot(id, signal)
    } catch (error) {
      if (!(error instanceof DamagedError || error instanceof FileMissingError)) throw error
      const message = `snapshot ${shortId(id)} cannot be read: ${error.message}`
      findings.errors.add({ kind: 'snapshot-unreadable', message, snapshot: id })
      return undefined
    }
  })
  return read.filter((snapshot) => snapshot !== undefined).sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
}

export interface TreeCheck {
  readonly repository: Repository
  readonly index: BlobIndex
  readonly snapshots: readonly StoredSnapshot[]
  readonly findings: Findings
  readonly signal?: AbortSignal | undefined
  /** Told of every tree that was read. */
  readonly onTree: () => void
}

/** Reads every tree of the snapshots once and looks at each entry (§17.4). */
export async function checkTrees({ repository, index, snapshots, findings, signal, onTree }: TreeCheck): Promise<void> {
  const reader = new BlobReader(repository.backend, repository.cipher)

  function report(kind: FindingKind, place: TreePlace, name: string | undefined, problem: string): void {
    const path = name === undefined ? pathOfPlace(place) : childPath(pathOfPlace(place), name)
    const snapshot = snapshots[place.root]!.id
    const message = `${printablePath(path)} in snapshot ${shortId(snapshot)} ${problem}`
    findings.errors.add({ kind, message, snapshot, path })
  }

  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: async (id) => decodeTree(await reader.read(index, 'tree', id, signal)),
      concurrency: repository.backend.connections,
      signal,
      onTree: (_, { nodes }, place) => {
        onTree()
        for (const node of nodes) {
          const problem = problemOf(node, index)
          if (problem) report(problem.kind, place, node.name, problem.text)
        }
      },
      onUnreadable: (_, error, place) => {
        if (!isDamage(error)) throw error
        report('tree-unreadable', place, undefined, `cannot be listed: ${error.message}`)
      },
    },
  )
}

function isDamage(error: unknown): error is Error {
  return error instanceof DamagedError || error instanceof FileMissingError || error instanceof RangeOutsideFileError
}

/** The first thing wrong with an entry. Sizes are not compared with the content: see §17.4. */
function problemOf(node: Node, index: BlobIndex): { kind: FindingKind; text: string } | undefined {
  if (node.name === '') return { kind: 'entry-invalid', text: 'has no name' }
  switch (node.type) {
    case 'file':
      return problemOfContent(node.content, index)
    case 'dir':
      if (node.subtree !== undefined && node.subtree !== NULL_ID) return undefined
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

function problemOfContent(content: Node['content'], index: BlobIndex): { kind: FindingKind; text: string } | undefined {
  if (content === null) return { kind: 'entry-invalid', text: 'is a file without a list of its content' }
  const missing = content.filter((id) => !index.has('data', id))
  if (missing.length === 0) return undefined
  const first = shortId(missing[0]!)
  return { kind: 'blob-missing', text: `lacks ${missing.length} of ${content.length} blobs, the first is ${first}` }
}
