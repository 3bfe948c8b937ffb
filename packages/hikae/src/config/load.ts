import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Environment } from '../environment.ts'
import { errorMessage, systemCode, UsageError } from '../errors.ts'
import { explainIssue } from './explain-issue.ts'
import { interpolate } from './interpolate.ts'
import { knownKeysAt } from './known-keys.ts'
import { ConfigError, type ConfigProblem } from './problem.ts'
import { type StackConfig, stackSchema } from './schema.ts'
import { YamlFile } from './yaml-file.ts'

/** A stack file that makes sense. */
export interface Stack {
  readonly file: string
  /** Relative paths in the file begin here. */
  readonly folder: string
  readonly config: StackConfig
  /** What works but should be otherwise. */
  readonly warnings: readonly ConfigProblem[]
}

/**
 * Reads a stack file.
 *
 * @throws {UsageError} it cannot be read
 * @throws {ConfigError} all that is wrong with it, with line and column
 */
export async function loadStack(file: string, env: Environment): Promise<Stack> {
  const yaml = new YamlFile(await read(file))
  if (yaml.problems.length > 0) throw new ConfigError(file, yaml.problems)
  const { tree, missing } = interpolate(yaml.toJS(), env)
  const parsed = stackSchema.safeParse(tree)
  const explained = (parsed.error?.issues ?? []).flatMap((issue) =>
    explainIssue(issue, (path) => knownKeysAt(stackSchema, path)),
  )
  const unset = missing.map(({ path, name }) => ({ path, message: `the variable ${name} is not set` }))
  const problems = [...unset, ...explained].map(({ path, message }) => ({
    ...yaml.positionOf(path),
    at: path.map(String).join('.'),
    message,
  }))
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, problems)
  return { file, folder: dirname(file), config: parsed.data, warnings: literalPasswords(parsed.data, yaml) }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    throw new UsageError(`cannot read the stack file ${file}: ${errorMessage(error)}`, { cause: error })
  }
}

function literalPasswords({ repositories }: StackConfig, yaml: YamlFile): ConfigProblem[] {
  return Object.entries(repositories)
    .filter(([, { password }]) => password.kind === 'literal')
    .map(([name]) => ({
      ...yaml.positionOf(['repositories', name, 'password']),
      at: `repositories.${name}.password`,
      message:
        'whoever can read this file can read the password; write { file: /etc/hikae/password } and keep it there',
    }))
}
