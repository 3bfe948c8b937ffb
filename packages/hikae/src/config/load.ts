import { dirname } from 'node:path'
import type { Environment } from '../environment.ts'
import { checkSecrets } from './check-secrets.ts'
import { explainIssues } from './explain-issues.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'
import { readStackFiles } from './read-files.ts'
import { type StackConfig, stackForms, stackSchema } from './schema.ts'
import { StackDocument } from './stack-document.ts'

/** A stack file that makes sense. */
export interface Stack {
  readonly file: string
  /** Relative paths begin here, also those in files that it includes; only `include` counts from the file it stands in. */
  readonly folder: string
  readonly config: StackConfig
  /** The stack file and all that it includes, as they were read: what a bare machine needs to begin from. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** What works but should be otherwise. */
  readonly warnings: readonly ConfigProblem[]
  /** What was written, and where. */
  readonly document: StackDocument
}

/**
 * Reads a stack file and what it includes.
 *
 * @throws {UsageError} it cannot be read
 * @throws {ConfigError} all that is wrong, with file, line and column
 */
export async function loadStack(file: string, env: Environment): Promise<Stack> {
  const read = await readStackFiles(file, env)
  // Of a file that is no YAML nothing is known: whatever else were said would be guesses.
  if (read.files.some(({ yaml }) => yaml.problems.length > 0)) throw new ConfigError(file, read.problems)
  const document = new StackDocument(read.files)
  const parsed = stackSchema.safeParse(document.tree)
  const secrets = checkSecrets(document, stackForms())
  const explained = explainIssues(parsed.error?.issues ?? [], (path) => stackForms().keysAt(path))
  const senseless = explained.map(({ path, message }) => ({
    ...document.positionOf(path),
    at: path.map(String).join('.'),
    message,
  }))
  const problems = [...read.problems, ...document.problems, ...secrets.problems, ...senseless]
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, problems)
  return {
    file,
    folder: dirname(file),
    config: parsed.data,
    files: read.files.map(({ path, text }) => ({ path, text })),
    warnings: [...read.warnings, ...secrets.warnings],
    document,
  }
}
