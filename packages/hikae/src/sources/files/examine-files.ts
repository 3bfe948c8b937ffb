import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import type { DirectoryEntry, SelectForRestore } from '@hikae/engine'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import { ownBelow, repositoriesBelow } from '../own-paths.ts'
import type { SourceContext } from '../source-kind.ts'
import { type BytePath, bytePath, childPath, printablePath, systemPath } from '../swap/byte-path.ts'
import { lookAt } from '../swap/move.ts'
import type { FilesConfig } from './config.ts'
import { filesFilter } from './files-filter.ts'
import { withoutEmpty } from './files-tree.ts'
import { findPaths } from './find-paths.ts'
import { settleAround } from './open-files.ts'

/**
 * Whether all paths are there, can be read, and have something in them. Looks at names as far as it has to: up to the first
 * file of each path, or up to the first one of each include pattern.
 */
export async function examineFiles(config: FilesConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    const settled = await settleAround(config, context.folder)
    const { targets, unmatched } = await findPaths(config, context.folder)
    const missing = unmatched.map((path): Finding => ({
      severity: 'error',
      message: `nothing matches ${path}`,
      hint: HINT,
    }))
    return [...settled, ...missing, ...(await examineTargets(config, targets, context))]
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    return [{ severity: 'error', message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }]
  }
}

const HINT = 'look at the paths, and at the folder that relative ones begin at'

async function examineTargets(
  config: FilesConfig,
  targets: readonly BytePath[],
  { folder, own: ofHikae, signal }: SourceContext,
): Promise<Finding[]> {
  const { openTargets, selectForRestore } = await import('@hikae/engine')
  const own = await ownBelow(targets, ofHikae)
  const chosen = await filesFilter(config, targets)
  const filter = await filesFilter(config, targets, { own })
  const includes = new Map(
    config.include.map((pattern) => [pattern, selectForRestore({ include: { patterns: [pattern] } })]),
  )
  const repositories = await repositoriesBelow(targets, ofHikae)
  const findings = ownFindings(repositories.filter((path) => chosen.means(path, true)))
  for (const target of targets) {
    const problem = await problemOf(target, (path) => filter.excludesPath(path))
    if (problem) {
      findings.push(problem)
      continue
    }
    const { oneFileSystem } = config
    const { root } = openTargets([target], { workingDirectory: bytePath(folder), oneFileSystem, filter })
    if (await lookFor(root, includes, signal)) continue
    findings.push({ severity: 'warning', message: `nothing in ${printablePath(target)} would be saved`, hint: HINT })
  }
  for (const pattern of includes.keys()) {
    findings.push({
      severity: 'warning',
      message: `no file matches the include pattern ${pattern}`,
      hint: 'patterns are names, or paths with ** for any folders, such as **/.env',
    })
  }
  return findings
}

/** The state of Hikae is left out without a word: nobody misses it. */
function ownFindings(repositories: readonly BytePath[]): Finding[] {
  if (repositories.length === 0) return []
  const paths = repositories.map((path) => printablePath(path)).join(', ')
  const [verb, what] = repositories.length === 1 ? ['is', 'a repository'] : ['are', 'repositories']
  return [
    {
      severity: 'warning',
      message: `${paths} ${verb} ${what} of this stack, and not saved`,
      hint: 'keep repositories outside of what is saved, where no accident and no restore takes both; or name them under `exclude:`',
    },
  ]
}

async function problemOf(path: BytePath, isExcluded: (path: BytePath) => boolean): Promise<Finding | undefined> {
  const text = printablePath(path)
  try {
    const found = await lookAt(path)
    if (!found) return { severity: 'error', message: `${text} is not there`, hint: HINT }
    if (isExcluded(path)) {
      const hint = 'remove it from `paths:`, or change what is excluded'
      return { severity: 'error', message: `${text} is named, and left out by an exclude option`, hint }
    }
    if (found.isSymbolicLink()) return undefined
    await access(systemPath(path), constants.R_OK | (found.isDirectory() ? constants.X_OK : 0))
    return undefined
  } catch (error) {
    const hint = 'run hikae as a user who may read it'
    return { severity: 'error', message: `${text} cannot be read: ${errorMessage(error)}`, hint }
  }
}

/**
 * @param includes those that a file is found for are removed
 * @returns whether there is anything
 */
async function lookFor(
  root: DirectoryEntry,
  includes: Map<string, SelectForRestore>,
  signal: AbortSignal,
): Promise<boolean> {
  let isFound = false
  for await (const path of filesIn(root, '/', signal)) {
    isFound = true
    for (const [pattern, select] of includes) if (select(path, false).selected) includes.delete(pattern)
    if (includes.size === 0) break
  }
  return isFound
}

async function* filesIn(
  directory: DirectoryEntry,
  path: BytePath,
  signal: AbortSignal,
): AsyncGenerator<BytePath, void, undefined> {
  for await (const entry of withoutEmpty(directory, signal)) {
    if (entry.kind === 'unreadable') continue
    const at = childPath(path, entry.name)
    if (entry.kind === 'directory') yield* filesIn(entry, at, signal)
    else yield at
  }
}
