import type { Repository, Snapshot } from '@hikae/engine'
import { MANIFEST_FOLDER } from '../../points/manifest.ts'

/** What a place of a snapshot is. */
export type PlaceKind =
  /** It is a file, or the only file in its directories. `path` is an absolute byte string. */
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'tree' }

/**
 * Whether there is exactly one file at a place and below, and nothing else but directories. The manifest of a job does not
 * count.
 *
 * @throws {PathMissingError}
 */
export async function placeKind(
  repository: Repository,
  snapshot: Pick<Snapshot, 'tree'>,
  place: string,
  signal: AbortSignal,
): Promise<PlaceKind> {
  const { listTree } = await import('@hikae/engine')
  let only: string | undefined
  for await (const { path, node } of listTree(repository, snapshot, { path: place, signal })) {
    if (node.type === 'dir' || path.startsWith(`/${MANIFEST_FOLDER}/`)) continue
    if (only !== undefined || node.type !== 'file') return { kind: 'tree' }
    only = path
  }
  return only === undefined ? { kind: 'tree' } : { kind: 'file', path: only }
}
