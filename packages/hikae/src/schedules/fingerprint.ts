import { createHash } from 'node:crypto'
import { type Ignores, walkTree } from './tree-walk.ts'

/** Changes when anything below the paths is made, changed, moved or removed, as far as the file system tells. */
export async function fingerprint(paths: readonly string[], ignores: Ignores, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for (const root of paths) {
    for await (const { path, stats } of walkTree(root, ignores, signal)) {
      const { mode, size, mtimeNs, ctimeNs, ino, dev } = stats
      hash.update(JSON.stringify([path, String([mode, size, mtimeNs, ctimeNs, ino, dev])]))
    }
  }
  return hash.digest('hex')
}
