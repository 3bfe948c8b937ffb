import { glob, realpath, stat } from 'node:fs/promises'
import { basename, isAbsolute, matchesGlob, resolve } from 'node:path'
import { errorMessage } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import { splitKeptName } from '../swap/names.ts'
import type { SqliteConfig } from './config.ts'
import { isThere } from './is-there.ts'

/** What SQLite keeps beside a database. */
export const COMPANIONS = ['-wal', '-shm', '-journal'] as const

export interface FoundDatabases {
  /** Absolute, in order, each file once. */
  readonly paths: readonly string[]
  /** About what was named and is not there. */
  readonly findings: readonly Finding[]
}

/**
 * The files that the configuration names. A file that is also reached by a link is taken once, by its own name. What
 * SQLite keeps beside a database is no database.
 */
export async function findDatabases(
  { path: patterns, exclude }: SqliteConfig,
  folder: string,
  signal: AbortSignal,
): Promise<FoundDatabases> {
  const findings: Finding[] = []
  const paths = new Set<string>()
  for (const pattern of patterns) {
    const matching = await matches(pattern, folder, signal)
    const wanted = matching.filter((path) => !isExcluded(path, exclude, folder))
    if (wanted.length === 0) findings.push(nothingThere(resolve(folder, pattern), matching.length > 0))
    for (const path of wanted) paths.add(path)
  }
  const mains = [...paths].filter((path) => !isCompanion(path, paths))
  const files: Identified[] = []
  for (const path of mains) files.push(await identify(path))
  findings.push(...files.filter((file) => file.kind === 'lost').map(({ finding }) => finding))
  const named = new Set(patterns.map((pattern) => resolve(folder, pattern)))
  for (const file of files) if (file.kind === 'no-file' && named.has(file.path)) findings.push(noFile(file.path))
  const found = files.filter((file) => file.kind === 'file')
  return { paths: onePathEach(found).toSorted(), findings }
}

async function matches(pattern: string, folder: string, signal: AbortSignal): Promise<string[]> {
  const asWritten = resolve(folder, pattern)
  if (await isThere(asWritten)) return [asWritten]
  const found: string[] = []
  for await (const path of glob(pattern, { cwd: folder })) {
    signal.throwIfAborted()
    // What a restore has kept is not what a pattern means.
    if (!splitKeptName(basename(path))) found.push(resolve(folder, path))
  }
  return found
}

/** @param folder that patterns with a slash begin at */
export function isExcluded(path: string, patterns: readonly string[], folder: string): boolean {
  return patterns.some((pattern) => {
    if (!pattern.includes('/')) return matchesGlob(basename(path), pattern)
    return matchesGlob(path, isAbsolute(pattern) ? pattern : resolve(folder, pattern))
  })
}

function isCompanion(path: string, all: ReadonlySet<string>): boolean {
  return COMPANIONS.some((end) => path.endsWith(end) && all.has(path.slice(0, -end.length)))
}

type Identified =
  | { readonly kind: 'file'; readonly path: string; readonly id: string; readonly isItself: boolean }
  | { readonly kind: 'no-file'; readonly path: string }
  | { readonly kind: 'lost'; readonly finding: Finding }

async function identify(path: string): Promise<Identified> {
  try {
    const stats = await stat(path, { bigint: true })
    if (!stats.isFile()) return { kind: 'no-file', path }
    const isItself = (await realpath(path)) === path
    return { kind: 'file', path, id: `${stats.dev}:${stats.ino}`, isItself }
  } catch (error) {
    const hint = path.includes('\u{fffd}')
      ? 'its name is not UTF-8: rename it, or save it with a source of the kind files while nobody uses it'
      : 'see whether it is a link that leads nowhere, and whether Hikae may read it'
    return {
      kind: 'lost',
      finding: { severity: 'error', message: `${path} cannot be read: ${errorMessage(error)}`, hint },
    }
  }
}

function onePathEach(files: readonly Extract<Identified, { kind: 'file' }>[]): string[] {
  const byId = new Map<string, string>()
  for (const { id, path, isItself } of files) if (isItself || !byId.has(id)) byId.set(id, path)
  return [...byId.values()]
}

function nothingThere(pattern: string, isAllExcluded: boolean): Finding {
  return {
    severity: 'error',
    message: isAllExcluded ? `everything that ${pattern} matches is excluded` : `there is no file ${pattern}`,
    hint: 'correct path in the stack file; relative paths begin at the folder of that file',
  }
}

function noFile(path: string): Finding {
  return {
    severity: 'error',
    message: `${path} is no file`,
    hint: `for the databases in a folder, write a glob: ${path}/*.db`,
  }
}
