import { bytesOfText } from '../json/byte-string.ts'
import type { PatternText } from './pattern-list.ts'
import { meaningfulLinesOf, type TextFile } from './text-file.ts'

/** Values for `$NAME` in pattern files, as text. */
export type Variables = Readonly<Record<string, string | undefined>>

/** The patterns of an `--exclude-file` or `--include-file`: one a line, `#` comments, `$NAME` and `${NAME}` (§15). */
export function readPatternFile(file: TextFile, variables: Variables): PatternText[] {
  return meaningfulLinesOf(file).map(({ text, origin }) => ({ text: expandVariables(text, variables), origin }))
}

/** Go's `os.Expand`: names of letters, digits and `_`, one special character, or anything in braces. */
const VARIABLE = /\$(?:\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z0-9_]+))/g

/** `$$` is one dollar; a variable that is not set is nothing; a dollar before anything else is itself. */
export function expandVariables(text: string, variables: Variables): string {
  return text.replace(VARIABLE, (_, ...groups: (string | undefined)[]) => {
    const [braced, , special, bare] = groups
    const name = braced ?? special ?? bare ?? ''
    return name === '$' ? '$' : bytesOfText(variables[name] ?? '')
  })
}
