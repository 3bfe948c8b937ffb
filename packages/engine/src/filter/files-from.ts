import { InvalidInputError } from '../errors.ts'
import { printablePath } from '../filesystem/byte-path.ts'
import { expandGlob, hasMeta } from './expand-glob.ts'
import { GlobSyntaxError } from './glob.ts'
import { linesOf, meaningfulLinesOf, type TextFile } from './text-file.ts'

export interface FilesFromResult {
  /** Byte-string paths, absolute or relative to the working directory. */
  readonly targets: readonly string[]
  /** Printable patterns, with their `file:line`, that nothing fits. */
  readonly unmatched: readonly string[]
}

/**
 * The targets that a `--files-from` file names: one pattern a line, expanded as a shell would, `#` comments. A line
 * without anything to expand is a target whether it exists or not, so that a missing one is noticed.
 *
 * @param workingDirectory absolute byte string that relative patterns start from
 * @throws {InvalidInputError} a pattern that cannot be understood
 */
export function targetsFromPatterns(file: TextFile, workingDirectory: string): FilesFromResult {
  const targets: string[] = []
  const unmatched: string[] = []
  for (const { text, origin } of meaningfulLinesOf(file)) {
    refuseNul(text, origin)
    const paths = hasMeta(text) ? expandLine(text, origin, workingDirectory) : [text]
    if (paths.length === 0) unmatched.push(`${origin}: ${printablePath(text)}`)
    targets.push(...paths)
  }
  return { targets, unmatched }
}

/** The targets in a `--files-from-verbatim` file: one a line, nothing in it has a meaning; empty lines are skipped. */
export function targetsVerbatim(file: TextFile): string[] {
  const lines = linesOf(file).filter(({ text }) => text !== '')
  for (const { text, origin } of lines) refuseNul(text, origin)
  return lines.map(({ text }) => text)
}

/**
 * The targets in a `--files-from-raw` file: each ends in a NUL, as `find -print0` writes them.
 *
 * @throws {InvalidInputError} an empty name, or a last one without its NUL: the list may be cut off
 */
export function targetsRaw(file: TextFile): string[] {
  const names = Buffer.from(file.content.buffer, file.content.byteOffset, file.content.length)
    .toString('latin1')
    .split('\0')
  if (names.pop() !== '') {
    throw new InvalidInputError(`${file.name}: the last name is not followed by a zero byte`, {
      hint: 'write the list with `find -print0`, and check that it was written to its end',
    })
  }
  const empty = names.indexOf('')
  if (empty !== -1) throw new InvalidInputError(`${file.name}: name ${empty + 1} is empty`)
  return names
}

function expandLine(text: string, origin: string, workingDirectory: string): string[] {
  try {
    return expandGlob(text, workingDirectory)
  } catch (error) {
    if (!(error instanceof GlobSyntaxError)) throw error
    throw new InvalidInputError(`${origin}: pattern ${printablePath(text)}: ${error.message}`, {
      hint: 'put a backslash before a bracket or backslash meant itself, or use --files-from-verbatim',
    })
  }
}

/** Such a file is no list of lines: most likely one made for --files-from-raw. */
function refuseNul(text: string, origin: string): void {
  if (!text.includes('\0')) return
  throw new InvalidInputError(`${origin}: a zero byte in a name`, {
    hint: 'lists with zero bytes between names are for --files-from-raw',
  })
}
