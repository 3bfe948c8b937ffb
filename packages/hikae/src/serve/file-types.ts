import { type FileKind, folderOf } from '@hikae/engine'

/** Kinds of which a repository has many files. */
export type ListedKind = Exclude<FileKind, 'config'>

const LISTED_KINDS: readonly ListedKind[] = ['key', 'lock', 'snapshot', 'index', 'pack']

/** restic's word for a kind, in addresses and metrics: the name of its folder. */
export function typeName(kind: FileKind): string {
  return kind === 'config' ? 'config' : folderOf('', kind)
}

const KINDS: ReadonlyMap<string, ListedKind> = new Map(LISTED_KINDS.map((kind) => [typeName(kind), kind]))

/** `data` → `pack` */
export function kindOfType(type: string): ListedKind | undefined {
  return KINDS.get(type)
}
