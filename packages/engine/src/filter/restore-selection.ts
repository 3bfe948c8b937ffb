import { patternLists, type PatternSet } from './pattern-set.ts'

export interface RestoreSelectionOptions {
  readonly include?: PatternSet | undefined
  readonly exclude?: PatternSet | undefined
}

export interface RestoreSelection {
  /** The entry itself is wanted. */
  readonly selected: boolean
  /** A directory in which something may be wanted; it has to be looked into. */
  readonly childMayBeSelected: boolean
}

/** @param path absolute byte string within the snapshot */
export type SelectForRestore = (path: string, isDirectory: boolean) => RestoreSelection

/**
 * Which entries of a snapshot a restore takes: those that an include pattern means, all when there is none, without
 * those that an exclude pattern means. Nothing below an excluded directory is taken.
 *
 * @throws {InvalidInputError} patterns that cannot be understood
 */
export function selectForRestore(options: RestoreSelectionOptions): SelectForRestore {
  const include = patternLists(options.include, 'include')
  const exclude = patternLists(options.exclude, 'exclude')
  return (path, isDirectory) => {
    if (exclude.some((list) => list.matches(path))) return NOTHING
    if (include.length === 0) return { selected: true, childMayBeSelected: isDirectory }
    const selected = include.some((list) => list.matches(path))
    return { selected, childMayBeSelected: isDirectory && include.some((list) => list.mayMatchBelow(path)) }
  }
}

const NOTHING: RestoreSelection = { selected: false, childMayBeSelected: false }
