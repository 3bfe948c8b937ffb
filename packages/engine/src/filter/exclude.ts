import type { EntryMetadata } from '../entry.ts'
import type { EntryFilter } from '../filesystem/entry-filter.ts'
import { nodeTypeOf } from '../tree/mode.ts'
import { patternLists, type PatternSet } from './pattern-set.ts'
import { parseSize } from './size.ts'
import { CACHE_TAG, TagFileRule, type TagFileWarning } from './tag-file.ts'

/** restic's options for what a backup leaves out (§15). */
export interface ExcludeOptions {
  readonly exclude?: PatternSet | undefined
  /** `NAME` or `NAME:HEADER`, see {@link TagFileRule}. */
  readonly excludeIfPresent?: readonly string[] | undefined
  /** Leave out what lies beside a `CACHEDIR.TAG`. */
  readonly excludeCaches?: boolean | undefined
  /** `10M`, `1G`: leave out anything larger but directories. */
  readonly excludeLargerThan?: string | undefined
  /** Absolute byte-string paths that are left out whatever the patterns say, such as our own cache. */
  readonly excludePaths?: readonly string[] | undefined
  /** Told about tag files that do not count, since then their directory is backed up. */
  readonly onWarning?: ((warning: TagFileWarning) => void) | undefined
}

/**
 * One filter out of all options; undefined when nothing is excluded, which saves asking.
 *
 * @throws {InvalidInputError} a pattern, tag or size that cannot be understood
 */
export function excludeFilter(options: ExcludeOptions): EntryFilter | undefined {
  const byPath = pathRules(options)
  const largest = options.excludeLargerThan === undefined ? Infinity : parseSize(options.excludeLargerThan)
  if (byPath.length === 0 && largest === Infinity) return undefined
  return {
    excludesPath: (path) => byPath.some((excludes) => excludes(path)),
    excludesEntry: (_, metadata) => isLarger(metadata, largest),
  }
}

function pathRules(options: ExcludeOptions): ((path: string) => boolean)[] {
  const { excludeIfPresent = [], excludeCaches = false, excludePaths = [], onWarning = () => {} } = options
  const exactPaths = new Set(excludePaths)
  const rules: ((path: string) => boolean)[] = exactPaths.size > 0 ? [(path) => exactPaths.has(path)] : []
  for (const list of patternLists(options.exclude, 'exclude')) rules.push((path) => list.matches(path))
  const tags = [...excludeIfPresent, ...(excludeCaches ? [CACHE_TAG] : [])]
  for (const tag of tags) {
    const rule = new TagFileRule(tag, onWarning)
    rules.push((path) => rule.excludes(path))
  }
  return rules
}

function isLarger(metadata: EntryMetadata, largest: number): boolean {
  return metadata.size > largest && nodeTypeOf(metadata.mode) !== 'dir'
}
