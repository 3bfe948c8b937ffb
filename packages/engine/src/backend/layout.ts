import { posix } from 'node:path'
import type { FileKind } from './backend.ts'

const FOLDERS = {
  key: 'keys',
  lock: 'locks',
  snapshot: 'snapshots',
  index: 'index',
  pack: 'data',
} as const satisfies Record<Exclude<FileKind, 'config'>, string>

/** The 256 folders of packs, `00` to `ff`, inside `data`. */
export const PACK_FOLDERS: readonly string[] = Array.from({ length: 256 }, (_, index) =>
  index.toString(16).padStart(2, '0'),
)

/** Folder of a kind's files; packs lie one level deeper (§2). */
export function folderOf(root: string, kind: Exclude<FileKind, 'config'>): string {
  return posix.join(root, FOLDERS[kind])
}

/** Where a file lies (§2). `name` must be an id, or empty for `config`. */
export function fileAt(root: string, kind: FileKind, name: string): string {
  if (kind === 'config') return posix.join(root, 'config')
  if (kind === 'pack') return posix.join(root, FOLDERS.pack, name.slice(0, 2), name)
  return posix.join(root, FOLDERS[kind], name)
}

/** The folders of packs, indexes and snapshots, in which killed programs may leave files half written. */
export function foldersWithLeftOvers(root: string): string[] {
  const packs = folderOf(root, 'pack')
  return [folderOf(root, 'index'), folderOf(root, 'snapshot'), ...PACK_FOLDERS.map((name) => posix.join(packs, name))]
}

/** Every folder of a repository below its root, parents first. */
export function foldersOf(root: string): string[] {
  const kinds = Object.values(FOLDERS).map((folder) => posix.join(root, folder))
  return [...kinds, ...PACK_FOLDERS.map((folder) => posix.join(root, FOLDERS.pack, folder))]
}
