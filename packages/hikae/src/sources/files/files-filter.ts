import type { excludeFilter, SelectForRestore, TagFileWarning } from '@hikae/engine'
import { type BytePath, nameOf } from '../swap/byte-path.ts'
import { parseBesideName } from '../swap/names.ts'
import type { FilesConfig } from './config.ts'

type EntryFilter = NonNullable<ReturnType<typeof excludeFilter>>

export interface FilterOptions {
  readonly own?: readonly BytePath[]
  readonly onWarning?: (warning: TagFileWarning) => void
}

export interface FilesFilter extends EntryFilter {
  /** Whether something of that name would be gone through or saved, as far as names tell. */
  means(path: BytePath, isDirectory: boolean): boolean
}

const TYPE = 0o170_000
const DIRECTORY = 0o040_000

/**
 * What a walk of a source's paths leaves out: what the exclude options say, files that no include pattern means, folders in
 * which there can be none, what a restore is just building, and what is Hikae's own.
 *
 * @param targets paths that were named: they are in, whatever `include` says
 * @param own see `ownBelow`
 * @throws {InvalidInputError} a pattern that cannot be understood
 */
export async function filesFilter(
  config: FilesConfig,
  targets: readonly BytePath[],
  { own = [], onWarning = () => undefined }: FilterOptions = {},
): Promise<FilesFilter> {
  const engine = await import('@hikae/engine')
  const excluded = engine.excludeFilter({
    exclude: { patterns: config.exclude },
    excludeIfPresent: config.excludeIfPresent,
    excludeCaches: config.excludeCaches,
    ...(config.excludeLargerThan === undefined ? {} : { excludeLargerThan: String(config.excludeLargerThan) }),
    onWarning,
  })
  const included =
    config.include.length > 0 ? engine.selectForRestore({ include: { patterns: config.include } }) : undefined
  const named = new Set(targets)
  const isChosen = (path: BytePath, isDirectory: boolean): boolean =>
    included === undefined || named.has(path) || mayHold(included, path, isDirectory)
  const excludesPath = (path: BytePath): boolean =>
    isBeingBuilt(path) || own.includes(path) || excluded?.excludesPath(path) === true
  return {
    excludesPath,
    excludesEntry: (path, metadata) =>
      excluded?.excludesEntry(path, metadata) === true || !isChosen(path, (metadata.mode & TYPE) === DIRECTORY),
    means: (path, isDirectory) => !excludesPath(path) && isChosen(path, isDirectory),
  }
}

function mayHold(included: SelectForRestore, path: BytePath, isDirectory: boolean): boolean {
  const { selected, childMayBeSelected } = included(path, isDirectory)
  return selected || childMayBeSelected
}

function isBeingBuilt(path: BytePath): boolean {
  return path.includes('/.hikae-') && parseBesideName(nameOf(path)) !== undefined
}
