import type { PatternSet } from '@hikae/engine'
import type { Environment } from './context.ts'
import { list, type OptionValues } from './option.ts'
import { readTextFile } from './text-file.ts'
import { anyText } from './values/text.ts'

const pattern = { placeholder: 'PATTERN', parse: anyText }
const file = { placeholder: 'FILE', parse: anyText, completes: 'file' as const }

export const excludeOptions = {
  exclude: list({ ...pattern, short: 'e', help: 'leave out what this pattern matches (repeatable)' }),
  iexclude: list({ ...pattern, help: 'the same, whether upper or lower case' }),
  excludeFile: list({ ...file, help: 'leave out what the patterns in this file match, one a line' }),
  iexcludeFile: list({ ...file, help: 'the same, whether upper or lower case' }),
}

export const includeOptions = {
  include: list({ ...pattern, short: 'i', help: 'only what this pattern matches (repeatable)' }),
  iinclude: list({ ...pattern, help: 'the same, whether upper or lower case' }),
  includeFile: list({ ...file, help: 'only what the patterns in this file match, one a line' }),
  iincludeFile: list({ ...file, help: 'the same, whether upper or lower case' }),
}

interface PatternValues {
  readonly patterns: readonly string[]
  readonly ignoringCase: readonly string[]
  readonly files: readonly string[]
  readonly filesIgnoringCase: readonly string[]
}

/** Reads the pattern files; undefined when there is no pattern at all. `$NAME` in files is taken from the environment. */
export async function readPatterns(values: PatternValues, variables: Environment): Promise<PatternSet | undefined> {
  const { patterns, ignoringCase, files, filesIgnoringCase } = values
  if ([patterns, ignoringCase, files, filesIgnoringCase].every((some) => some.length === 0)) return undefined
  return {
    patterns,
    ignoringCase,
    files: await Promise.all(files.map((path) => readTextFile(path))),
    filesIgnoringCase: await Promise.all(filesIgnoringCase.map((path) => readTextFile(path))),
    variables,
  }
}

/** What {@link excludeOptions} and {@link includeOptions} say together. */
export async function readSelection(
  given: OptionValues<typeof excludeOptions & typeof includeOptions>,
  variables: Environment,
): Promise<{ include: PatternSet | undefined; exclude: PatternSet | undefined }> {
  const include = await readPatterns(
    {
      patterns: given.include,
      ignoringCase: given.iinclude,
      files: given.includeFile,
      filesIgnoringCase: given.iincludeFile,
    },
    variables,
  )
  const exclude = await readPatterns(
    {
      patterns: given.exclude,
      ignoringCase: given.iexclude,
      files: given.excludeFile,
      filesIgnoringCase: given.iexcludeFile,
    },
    variables,
  )
  return { include, exclude }
}
