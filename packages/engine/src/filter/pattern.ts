import { cleanPath } from '../filesystem/byte-path.ts'
import { compileGlob, type NameMatcher } from './glob.ts'

/** A part that stands for any number of components, none included. */
const ANY_DEPTH = null

/** An exclude or include pattern, ready to be matched; see {@link compilePattern}. */
export interface Pattern {
  /** It began with `!`: what it matches is taken back. */
  readonly negated: boolean
  /** It began with `/`: it starts at the root, not anywhere. */
  readonly anchored: boolean
  readonly parts: readonly (NameMatcher | typeof ANY_DEPTH)[]
  /** One of the parts is `**`. */
  readonly anyDepth: boolean
}

/**
 * Compiles one of restic's patterns (§15), a byte string: components as in `compileGlob`, `**` for any number of
 * components, `/` at the start for the root, `!` before all that for the opposite.
 *
 * @throws {GlobSyntaxError}
 */
export function compilePattern(text: string): Pattern {
  const negated = text.startsWith('!')
  const path = cleanPath(negated ? text.slice(1) : text)
  const anchored = path.startsWith('/')
  const components = (anchored ? path.slice(1) : path).split('/').filter((component) => component !== '')
  const parts = components.map((component) => (component === '**' ? ANY_DEPTH : compileGlob(component)))
  return { negated, anchored, parts, anyDepth: parts.includes(ANY_DEPTH) }
}

/**
 * Whether the entry at an absolute path, or a directory above it, is what the pattern means.
 *
 * @param names the path's components
 */
export function matchesPattern(pattern: Pattern, names: readonly string[]): boolean {
  const { parts, anchored } = pattern
  // Counted as restic does: the root is a component of the path, and of a pattern that starts with it.
  const freeDepth = names.length + 1 - (parts.length + (anchored ? 1 : 0)) + 1
  if (freeDepth < 0) return false
  const lastStart = anchored ? 0 : names.length - 1
  for (let start = 0; start <= lastStart; start++) {
    if (matchesAt(parts, 0, names, start, freeDepth)) return true
  }
  return anchored && parts.length === 0
}

/**
 * The same for a path of which the directory above is known not to match: without `**`, only a match that ends with the
 * last name is left, and most patterns are done with that name.
 */
export function matchesLastName(pattern: Pattern, names: readonly string[]): boolean {
  const { parts, anchored } = pattern
  if (pattern.anyDepth) return matchesPattern(pattern, names)
  const start = names.length - parts.length
  if (start < 0 || (anchored && start > 0)) return false
  for (let index = parts.length - 1; index >= 0; index--) {
    if (parts[index]?.(names[start + index] ?? '') !== true) return false
  }
  return true
}

/**
 * Whether something below the directory at a path could be what the pattern means; true in doubt.
 *
 * @param names the path's components
 */
export function mayMatchBelow(pattern: Pattern, names: readonly string[]): boolean {
  if (!pattern.anchored) return true
  for (const [index, part] of pattern.parts.entries()) {
    const name = names[index]
    if (part === ANY_DEPTH || name === undefined) return true
    if (!part(name)) return false
  }
  return true
}

/**
 * Whether the parts from `part` on fit the names from `at` on; names may be left over.
 *
 * @param freeDepth how many names the next `**` may stand for. restic counts every other `**` as one name when it
 * decides that, so a `**` at the end of a pattern with another one does not match nothing
 */
function matchesAt(
  parts: Pattern['parts'],
  part: number,
  names: readonly string[],
  at: number,
  freeDepth: number,
): boolean {
  for (let index = part; index < parts.length; index++) {
    const matcher = parts[index]
    const position = at + index - part
    if (matcher === ANY_DEPTH || matcher === undefined) {
      const most = Math.min(freeDepth, names.length - position)
      for (let depth = 0; depth <= most; depth++) {
        if (matchesAt(parts, index + 1, names, position + depth, freeDepth + 1 - depth)) return true
      }
      return false
    }
    const name = names[position]
    if (name === undefined || !matcher(name)) return false
  }
  return true
}
