import type { DirectoryEntry, Entry, TagFileWarning, UnreadableEntry } from '@hikae/engine'
import { InputError } from '../../errors.ts'
import type { TreeCounts } from '../counted-tree.ts'
import type { Finding } from '../finding.ts'
import { ownBelow } from '../own-paths.ts'
import type { OpenSource, ReadContext, SourceReading } from '../source-kind.ts'
import { type BytePath, bytePath, isWithin, parentPath, printablePath } from '../swap/byte-path.ts'
import { keptWithin } from '../swap/kept-items.ts'
import { lookAt } from '../swap/move.ts'
import { settleSwaps } from '../swap/settle-swaps.ts'
import type { FilesConfig } from './config.ts'
import { type FilesFacts, type SavedPath, statedPath } from './files-facts.ts'
import { filesFilter } from './files-filter.ts'
import { filesTree } from './files-tree.ts'
import { findPaths } from './find-paths.ts'

/** Files as they are while they are read: nothing holds them still. What is missing is an unreadable entry. */
export async function openFiles(config: FilesConfig, context: ReadContext): Promise<OpenSource> {
  const { openTargets } = await import('@hikae/engine')
  for (const { message } of await settleAround(config, context.folder)) context.log(message)
  const { targets, unmatched } = await findPaths(config, context.folder)
  if (targets.length === 0) throw nothingMatches(unmatched, context)
  const ofHikae = await ownBelow(targets, context.own)
  for (const path of ofHikae) context.log(`${printablePath(path)} is Hikae's own, and left out`)
  const kept = await keptFolders(targets)
  for (const path of kept) context.log(`${printablePath(path)} is what a restore has kept, and left out`)
  const own = [...ofHikae, ...kept]
  const onWarning = ({ path, reason }: TagFileWarning): void => context.log(`${path}: ${reason}`)
  const filter = await filesFilter(config, targets, { own, onWarning })
  const opened = openTargets(targets, {
    workingDirectory: bytePath(context.folder),
    oneFileSystem: config.oneFileSystem,
    filter,
  })
  const saved = await savedPaths(targets)
  const left = saved.filter(({ path }) => filter.excludesPath(path)).map(({ path }) => leftOut(path))
  const { root, counts } = filesTree(opened.root, config)
  return {
    paths: opened.paths,
    excludes: config.exclude,
    root: withUnmatched(root, unmatched),
    finish: async () => readingOf(saved, counts(), [...left, ...(await vanished(saved))], config, context),
    // Nothing was done to anybody that would have to be undone.
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** What is kept of the content of mount points lies in them. */
async function keptFolders(targets: readonly BytePath[]): Promise<BytePath[]> {
  const folders = await Promise.all(targets.map(keptWithin))
  const items = folders.flat().flatMap((moment) => moment.items)
  return [...new Set(items.map(({ kept }) => parentPath(kept!)))]
}

/** Ends restores that were interrupted at the paths, before anything there is read or thought to be missing. */
export async function settleAround({ paths }: Pick<FilesConfig, 'paths'>, folder: string): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const { targets } = await findPaths({ paths }, folder)
  for (const place of new Set(targets.flatMap((path) => [parentPath(path), path]))) {
    findings.push(...(await settleSwaps(place)))
  }
  return findings
}

async function savedPaths(targets: readonly BytePath[]): Promise<SavedPath[]> {
  const saved: SavedPath[] = []
  for (const path of targets) {
    if (targets.some((other) => other !== path && isWithin(path, other))) continue
    const found = await lookAt(path).catch(() => undefined)
    if (found) saved.push({ path, type: found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'other' })
  }
  return saved
}

async function vanished(saved: readonly SavedPath[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { path } of saved) {
    if (await lookAt(path).catch(() => true)) continue
    findings.push({ severity: 'error', message: `${printablePath(path)} vanished while it was saved` })
  }
  return findings
}

function leftOut(path: BytePath): Finding {
  return {
    severity: 'error',
    message: `${printablePath(path)} is named, and left out by an exclude option`,
    hint: 'remove it from `paths:`, or change what is excluded',
  }
}

function withUnmatched(root: DirectoryEntry, unmatched: readonly string[]): DirectoryEntry {
  const entries = unmatched.map((path): UnreadableEntry => ({
    kind: 'unreadable',
    path,
    error: new Error('nothing matches'),
  }))
  return {
    ...root,
    async *children(signal): AsyncGenerator<Entry, void, undefined> {
      yield* entries
      yield* root.children(signal)
    },
  }
}

function readingOf(
  saved: readonly SavedPath[],
  counts: TreeCounts | undefined,
  findings: readonly Finding[],
  { include, exclude }: FilesConfig,
  { source }: ReadContext,
): SourceReading {
  if (!counts) throw new Error(`the files of ${source} were not read to their end`)
  const facts: FilesFacts = { paths: saved.map(statedPath), include, exclude, ...counts }
  const isEmpty = counts.files + counts.others === 0
  const nothing: Finding = {
    severity: 'error',
    message: `there is no file to save in ${saved.map(({ path }) => printablePath(path)).join(', ')}`,
    hint:
      include.length > 0 ? 'look at the include patterns, and at the paths' : 'look whether something is to be there',
  }
  return { facts, findings: isEmpty ? [...findings, nothing] : findings, isEmpty }
}

function nothingMatches(unmatched: readonly string[], { source }: ReadContext): InputError {
  return new InputError(`nothing of ${source} is there: nothing matches ${unmatched.join(', ')}`, {
    hint: 'look at the paths, and at the folder that relative ones begin at',
  })
}
