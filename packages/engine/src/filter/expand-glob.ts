import { absolutePath, cleanPath } from '../filesystem/byte-path.ts'
import { lstat, stat } from '../filesystem/metadata.ts'
import { sortedNames } from '../filesystem/walk.ts'
import { isSystemError } from '../native/system-call-error.ts'
import { nodeTypeOf } from '../tree/mode.ts'
import { compileGlob } from './glob.ts'

/** Whether a path holds anything to expand. */
export function hasMeta(path: string): boolean {
  return /[*?[\\]/.test(path)
}

/**
 * The paths that fit a pattern of components as in `compileGlob`, sorted, as Go's `filepath.Glob` finds them: names
 * that begin with a dot fit `*` too, and what cannot be read has no names.
 *
 * @param workingDirectory absolute byte string that a relative pattern starts from
 * @throws {GlobSyntaxError}
 */
export function expandGlob(pattern: string, workingDirectory: string): string[] {
  // All components first: a pattern is wrong also where nothing reaches the wrong part.
  for (const component of pattern.split('/')) compileGlob(component)
  return expand(pattern, workingDirectory)
}

function expand(pattern: string, workingDirectory: string): string[] {
  if (!hasMeta(pattern)) return exists(absolutePath(pattern, workingDirectory)) ? [pattern] : []
  const slash = pattern.lastIndexOf('/')
  const matches = compileGlob(pattern.slice(slash + 1))
  const above = slash === -1 ? '.' : pattern.slice(0, Math.max(slash, 1))
  const directories = hasMeta(above) ? expand(above, workingDirectory) : [above]
  return directories.flatMap((directory) =>
    namesIn(absolutePath(directory, workingDirectory))
      .filter((name) => matches(name))
      .map((name) => cleanPath(`${directory}/${name}`)),
  )
}

function exists(path: string): boolean {
  return readable(() => lstat(path)) !== undefined
}

/** Through symlinks: a pattern may go by way of one. */
function namesIn(directory: string): string[] {
  return readable(() => (nodeTypeOf(stat(directory).mode) === 'dir' ? sortedNames(directory) : [])) ?? []
}

function readable<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
