import { glob, readFile, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../environment.ts'
import { errorMessage, systemCode, UsageError } from '../errors.ts'
import { interpolate } from './interpolate.ts'
import type { ConfigProblem } from './problem.ts'
import { isTree, type Tree } from './tree.ts'
import { YamlFile } from './yaml-file.ts'

/** The stack file, or one that it includes. */
export interface ReadFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
  readonly yaml: YamlFile
  /** As written. */
  readonly raw: Tree
  /** With the values of variables. */
  readonly tree: Tree
}

export interface FilesRead {
  /** The stack file first, then what it includes, each followed by what that includes. */
  readonly files: readonly ReadFile[]
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** Files that include files that include files; more is a mistake. */
const DEEPEST = 10
const MOST_FILES = 200

/**
 * Reads a stack file and all that it includes, each once.
 *
 * @throws {UsageError} the stack file itself cannot be read; any other trouble is among the problems
 */
export async function readStackFiles(stackFile: string, env: Environment): Promise<FilesRead> {
  const files: ReadFile[] = []
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  /** Real paths: a file may have several names. */
  const seen = new Set<string>()
  await add(stackFile, await readText(stackFile), [await realpath(stackFile)])
  return { files, problems, warnings }

  /** @param chain real paths of the file and of those that led to it */
  async function add(path: string, text: string, chain: readonly string[]): Promise<void> {
    seen.add(chain.at(-1)!)
    const file = parse(path, text, env, problems)
    files.push(file)
    const { include } = file.tree
    if (!Array.isArray(include)) return
    for (const [index, pattern] of (include as unknown[]).entries()) {
      if (typeof pattern === 'string' && pattern !== '') await follow(file, index, pattern, chain)
    }
  }

  async function follow(from: ReadFile, index: number, pattern: string, chain: readonly string[]): Promise<void> {
    const place = { file: from.path, ...from.yaml.positionOf(['include', index]), at: `include.${index}` }
    const folder = dirname(from.path)
    const isPattern = /[*?[\]{}]/.test(pattern)
    const paths = isPattern ? await matches(pattern, folder) : [resolve(folder, pattern)]
    if (paths.length === 0) warnings.push({ ...place, message: `no file matches ${pattern}` })
    for (const path of paths) {
      const refusal = await includeOne(path, chain, isPattern)
      if (refusal !== undefined) problems.push({ ...place, message: refusal })
    }
  }

  /** @returns what is wrong with it */
  async function includeOne(path: string, chain: readonly string[], isPattern: boolean): Promise<string | undefined> {
    let real: string
    let text: string
    try {
      real = await realpath(path)
      if (seen.has(real) && (isPattern || !chain.includes(real))) return undefined
      if (chain.includes(real)) return `${path} would include itself: ${[...chain, real].join(' → ')}`
      if (chain.length > DEEPEST) return `${path} is included through more than ${DEEPEST} files`
      if (files.length >= MOST_FILES) return `there are more than ${MOST_FILES} files`
      text = await readFile(real, 'utf8')
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      return `cannot read ${path}: ${errorMessage(error)}`
    }
    await add(path, text, [...chain, real])
    return undefined
  }
}

/** By name, so that lists of several files are appended in the same order everywhere. */
async function matches(pattern: string, folder: string): Promise<string[]> {
  const found: string[] = []
  for await (const path of glob(pattern, { cwd: folder })) found.push(resolve(folder, path))
  return found.sort()
}

function parse(path: string, text: string, env: Environment, problems: ConfigProblem[]): ReadFile {
  const yaml = new YamlFile(text)
  problems.push(...yaml.problems.map((problem) => ({ ...problem, file: path })))
  const content = yaml.content ?? {}
  if (!isTree(content)) problems.push({ file: path, at: '', message: 'this is no map of keys and values' })
  const raw = isTree(content) ? content : {}
  const { tree, missing } = interpolate(raw, env)
  for (const { path: at, name } of missing) {
    const message = `the variable ${name} is not set`
    problems.push({ file: path, ...yaml.positionOf(at), at: at.map(String).join('.'), message })
  }
  return { path, text, yaml, raw, tree: tree as Tree }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    throw new UsageError(`cannot read the stack file ${file}: ${errorMessage(error)}`, { cause: error })
  }
}
