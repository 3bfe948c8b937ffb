import type { Repository, TreeId } from '@hikae/engine'

/** Trees of all snapshots, oldest first; every directory and all content were read and have the hashes they are named by. */
export async function readEverything(repository: Repository): Promise<TreeId[]> {
  await repository.loadIndex()
  const trees = (await repository.snapshots()).map(({ tree }) => tree)
  const known = new Set<string>()
  for (const tree of trees) await readAll(repository, tree, known)
  return trees
}

async function readAll(repository: Repository, tree: TreeId, known: Set<string>): Promise<void> {
  if (known.has(tree)) return
  known.add(tree)
  for (const { subtree, content } of (await repository.readTree(tree)).nodes) {
    if (subtree) await readAll(repository, subtree, known)
    for (const id of content ?? []) {
      if (!known.has(id)) await repository.readBlob('data', id)
      known.add(id)
    }
  }
}
