import { textOf } from '../filesystem/byte-path.ts'
import { bytesOfText } from '../json/byte-string.ts'
import { readPatternFile, type Variables } from './pattern-file.ts'
import { PatternList, type PatternText } from './pattern-list.ts'
import type { TextFile } from './text-file.ts'

/** Everything that the options for one purpose, excluding or including, bring together. */
export interface PatternSet {
  /** Text, as typed or configured. */
  readonly patterns?: readonly string[] | undefined
  /** Upper and lower case being the same. */
  readonly ignoringCase?: readonly string[] | undefined
  readonly files?: readonly TextFile[] | undefined
  readonly filesIgnoringCase?: readonly TextFile[] | undefined
  /** For `$NAME` in the files. */
  readonly variables?: Variables | undefined
}

/**
 * The lists that a set makes, with case and without; empty ones are left out. A path is meant when one list matches.
 *
 * @param option the long name of the option, for messages
 * @throws {InvalidInputError} patterns that cannot be understood
 */
export function patternLists(set: PatternSet | undefined, option: 'exclude' | 'include'): PatternList[] {
  return [
    new PatternList(collect(set?.patterns, set?.files, set?.variables, `--${option}`)),
    new PatternList(collect(set?.ignoringCase, set?.filesIgnoringCase, set?.variables, `--i${option}`), {
      ignoreCase: true,
    }),
  ].filter((list) => !list.isEmpty)
}

/** The patterns with case as text, those in files too: what a snapshot records as its excludes. */
export function patternTexts(set: PatternSet | undefined): string[] {
  return collect(set?.patterns, set?.files, set?.variables, '').map(({ text }) => textOf(text))
}

/** Those of files come after those typed: the order counts when some are negated. */
function collect(
  patterns: readonly string[] = [],
  files: readonly TextFile[] = [],
  variables: Variables = {},
  origin = '',
): PatternText[] {
  const typed = patterns.map((text) => ({ text: bytesOfText(text), origin }))
  return [...typed, ...files.flatMap((file) => readPatternFile(file, variables))]
}
