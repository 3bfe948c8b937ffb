import { noCounts, type TreeCounts } from '../counted-tree.ts'
import type { SourcePoint } from '../source-point.ts'
import { VOLUMES_FOLDER } from './volume-facts.ts'

/** What a snapshot has of a volume. */
export async function countPoint(point: SourcePoint, volume: string): Promise<TreeCounts> {
  const counts = noCounts()
  const root = `/${VOLUMES_FOLDER}/${volume}`
  for await (const { path, type, size } of point.entries(root)) {
    if (path === root || type === 'socket') continue
    if (type === 'dir') counts.directories++
    else if (type === 'file') {
      counts.files++
      counts.bytes += size
    } else counts.others++
  }
  return counts
}

/** @param options.isContentAlike whether both count the bytes of a file once for each of its names */
export function isSameCount(
  one: TreeCounts,
  other: TreeCounts,
  { isContentAlike = true }: { readonly isContentAlike?: boolean } = {},
): boolean {
  const isAlike = (['files', 'directories', 'others'] as const).every((what) => one[what] === other[what])
  return isAlike && (!isContentAlike || one.bytes === other.bytes)
}

export function countText({ files, directories, others, bytes }: TreeCounts): string {
  return `${files} files (${bytes} bytes), ${directories} folders and ${others} links and special files`
}
