import { DamagedError } from '../../errors.ts'
import { printablePath } from '../../filesystem/byte-path.ts'
import { type BlobId, shortId, type TreeId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import { isSafeName } from '../../tree/decode.ts'
import type { Node } from '../../tree/node.ts'
import { walkInOrder } from '../ordered-walk.ts'
import { plaintextSize } from '../plaintext-size.ts'
import type { FoundPath } from '../tree-path.ts'

/** One entry of an archive; the blobs of its content follow it. */
export interface EntryPiece {
  readonly kind: 'entry'
  /** Byte string without a slash at its beginning. */
  readonly path: string
  readonly node: Node
  /** Bytes of content that follow. */
  readonly size: number
  /** Path of the first name of the same file, when content is not to follow again. */
  readonly link?: string
}

export interface BlobPiece {
  readonly kind: 'blob'
  readonly id: BlobId
  readonly size: number
  /** Of the file, for messages. */
  readonly path: string
}

export type Piece = EntryPiece | BlobPiece

export interface PiecesOptions {
  /** Absolute byte string: where the archive has what is dumped. */
  readonly path: string
  /** What is dumped is an entry too, not only what is below it. */
  readonly isNamed: boolean
  /** Further names of a file become links to the first one, instead of copies. */
  readonly hardLinks: boolean
  readonly onUnsafe: (path: string) => void
  readonly signal: AbortSignal | undefined
}

/** What was found, and everything below it. */
export async function* piecesOf(
  repository: Repository,
  { node, tree }: Pick<FoundPath, 'node' | 'tree'>,
  options: PiecesOptions,
): AsyncGenerator<Piece> {
  if (options.isNamed && node !== undefined) {
    const blobs = node.type === 'file' ? blobPieces(repository, options.path, node) : []
    yield { kind: 'entry', path: options.path.slice(1), node, size: sizeOf(blobs) }
    yield* blobs
  }
  if (tree !== undefined) yield* treePieces(repository, tree, options)
}

/** Everything below a tree, in order. Sockets are left out, and names that could lead out of where they are extracted. */
async function* treePieces(repository: Repository, tree: TreeId, options: PiecesOptions): AsyncGenerator<Piece> {
  const firstNames = new Map<string, string>()
  let unsafe: string | undefined
  const descend = (path: string) => path !== unsafe
  for await (const { path, node } of walkInOrder(repository, tree, {
    path: options.path,
    signal: options.signal,
    descend,
  })) {
    if (!isSafeName(node.name)) {
      unsafe = path
      options.onUnsafe(path)
      continue
    }
    if (node.type === 'socket' || node.type === 'irregular') continue
    const name = path.slice(1)
    const key = options.hardLinks ? linkKey(node) : undefined
    const link = key === undefined ? undefined : firstNames.get(key)
    if (link !== undefined) {
      yield { kind: 'entry', path: name, node, size: 0, link }
      continue
    }
    if (key !== undefined) firstNames.set(key, name)
    const blobs = node.type === 'file' ? blobPieces(repository, path, node) : []
    yield { kind: 'entry', path: name, node, size: sizeOf(blobs) }
    yield* blobs
  }
}

/** @throws {DamagedError} a part of the content is in no index */
export function blobPieces(repository: Repository, path: string, node: Node): BlobPiece[] {
  return (node.content ?? []).map((id) => {
    const location = repository.index.find('data', id)
    if (location) return { kind: 'blob', id, size: plaintextSize(location), path }
    throw new DamagedError(`part ${shortId(id)} of ${printablePath(path)} is in no index`, {
      hint: 'what was written is incomplete; use `hikae restore`, which leaves out only what is missing',
    })
  })
}

function sizeOf(blobs: readonly BlobPiece[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0)
}

function linkKey({ type, links, inode, deviceId }: Node): string | undefined {
  if (type !== 'file' || (links ?? 0n) < 2n || inode === undefined) return undefined
  return `${inode}:${deviceId ?? 0n}`
}
