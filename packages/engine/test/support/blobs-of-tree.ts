import type { Repository, TreeId } from '@hikae/engine'
import type { Node } from '../../src/tree/node.ts'

/** Every node below a tree, directories before what is in them. */
export async function blobsOfTree(repository: Repository, tree: TreeId): Promise<{ nodes: Node[] }> {
  const nodes: Node[] = []
  for (const node of (await repository.readTree(tree)).nodes) {
    nodes.push(node)
    if (node.subtree) nodes.push(...(await blobsOfTree(repository, node.subtree)).nodes)
  }
  return { nodes }
}
