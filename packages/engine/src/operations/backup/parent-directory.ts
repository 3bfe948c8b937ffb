import { DamagedError } from '../../errors.ts'
import { FileMissingError } from '../../backend/backend.ts'
import type { TreeId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import { decodeTree } from '../../tree/decode.ts'
import { encodeName, encodeNode } from '../../tree/encode.ts'
import { sliceTree } from '../../tree/slice.ts'

/**
 * A directory as the parent snapshot has it: the JSON of each node, by `encodeName` of the name. Comparing texts
 * is how unchanged files are found without decoding what was written before.
 */
export type ParentDirectory = ReadonlyMap<string, string>

/**
 * @returns undefined when the tree cannot be read: then everything below is read again, which also mends the repository
 */
export async function loadParentDirectory(
  repository: Repository,
  tree: TreeId,
  signal: AbortSignal | undefined,
): Promise<ParentDirectory | undefined> {
  try {
    const bytes = await repository.readBlob('tree', tree, signal)
    return sliceTree(bytes) ?? encodedNodes(bytes)
  } catch (error) {
    if (error instanceof DamagedError || error instanceof FileMissingError) return undefined
    throw error
  }
}

/** A tree of another program, in another layout, brought into the canonical one. */
function encodedNodes(bytes: Uint8Array): ParentDirectory {
  const { nodes } = decodeTree(bytes)
  return new Map(nodes.map((node) => [encodeName(node.name), encodeNode(node)]))
}

const SUBTREE = '"subtree":"'

/** The tree of a directory's node; undefined for anything else. */
export function subtreeOf(nodeText: string): TreeId | undefined {
  if (!nodeText.includes('","type":"dir",')) return undefined
  const at = nodeText.lastIndexOf(SUBTREE)
  return at === -1 ? undefined : (nodeText.slice(at + SUBTREE.length, at + SUBTREE.length + 64) as TreeId)
}
