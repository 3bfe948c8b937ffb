import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'
import { MADE_AGAIN } from './made-again.ts'
import type { SeenFile, Surroundings } from './surroundings.ts'

export interface SurveyLimits {
  /** Files and folders that are looked at. */
  readonly entries: number
  readonly milliseconds: number
}

export interface SurveyContext {
  readonly limits: SurveyLimits
  /** Milliseconds, from any beginning. */
  readonly clock: () => number
  readonly signal: AbortSignal
}

/**
 * Looks at a folder and what is below, nearest first, until a limit is reached. No link is followed, no file opened;
 * folders that cannot be read, that are made again, that hold a version control's own files or backups are passed over.
 *
 * @throws the system's error when the folder itself cannot be read
 */
export async function surveyFolder(folder: string, context: SurveyContext): Promise<Surroundings> {
  const found = {
    folder,
    files: [] as SeenFile[],
    gitRepositories: [] as string[],
    backupRepositories: [] as string[],
  }
  const { limits, clock, signal } = context
  const until = clock() + limits.milliseconds
  const pending = ['.']
  let left = limits.entries
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    signal.throwIfAborted()
    const entries = await entriesOf(join(folder, next), next === '.')
    left -= entries.length
    if (left < 0 || clock() > until) return { ...found, isWhole: false }
    const kind = kindOf(entries)
    if (kind === 'backups') found.backupRepositories.push(next)
    if (kind === 'git' || kind === 'bare-git') found.gitRepositories.push(next)
    if (kind === 'backups' || kind === 'bare-git' || kind === 'cache') continue
    for (const entry of entries) {
      const path = next === '.' ? entry.name : `${next}/${entry.name}`
      if (entry.isDirectory() && !isPassedOver(entry.name)) pending.push(path)
      if (entry.isFile()) found.files.push(...(await seen(folder, path)))
    }
  }
  return { ...found, isWhole: true }
}

/** A path that is not text cannot be written into a stack file; whoever saves the folder saves it all the same. */
async function entriesOf(path: string, isTop: boolean): Promise<Dirent[]> {
  try {
    return (await readdir(path, { withFileTypes: true })).filter(({ name }) => !name.includes('\ufffd'))
  } catch (error) {
    if (isTop || systemCode(error) === undefined) throw error
    return []
  }
}

async function seen(folder: string, path: string): Promise<SeenFile[]> {
  try {
    return [{ path, sizeBytes: (await lstat(join(folder, path))).size }]
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return [] // Gone already.
  }
}

function isPassedOver(name: string): boolean {
  return MADE_AGAIN.includes(name) || ['.git', '.hg', '.svn'].includes(name)
}

function kindOf(entries: readonly Dirent[]): 'backups' | 'git' | 'bare-git' | 'cache' | 'folder' {
  const folders = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name))
  const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name))
  if (files.has('CACHEDIR.TAG')) return 'cache'
  if (files.has('config') && ['data', 'index', 'keys', 'snapshots'].every((name) => folders.has(name))) return 'backups'
  if (files.has('HEAD') && folders.has('objects') && folders.has('refs')) return 'bare-git'
  // A file of that name belongs to a submodule or a second working tree, whose commits are elsewhere.
  return folders.has('.git') ? 'git' : 'folder'
}
