import { realpathSync } from 'node:fs'
import type { DirectoryEntry } from '@hikae/engine'
import type { backupOptions } from '../commands/backup.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import type { OptionValues } from '../option.ts'
import { printableText } from '../output/printable.ts'
import { readPatterns } from '../pattern-options.ts'
import { argumentBytes } from '../repository/byte-argument.ts'
import { readTextFileOrStdin } from '../text-file.ts'
import { commandInput } from './command-input.ts'
import { type CountedStream, type StreamInput, streamRoot } from './stream-input.ts'

export type BackupValues = OptionValues<typeof backupOptions>

/** What a backup reads, and how the snapshot describes it. */
export interface BackupInput {
  readonly root: DirectoryEntry
  readonly paths: readonly string[]
  readonly excludes: readonly string[]
  /** Present when there is one stream instead of files. */
  readonly stream?: CountedStream
}

/** @throws {UsageError} the options contradict each other, or name nothing */
export async function openInput(
  options: BackupValues,
  args: readonly string[],
  context: CommandContext,
): Promise<BackupInput> {
  if (!options.stdin && !options.stdinFromCommand) return openFiles(options, args, context)
  refuseMixed(options, args)
  const name = options.stdinFilename ?? 'stdin'
  const stream: StreamInput = options.stdinFromCommand
    ? commandInput(args, context)
    : { description: 'standard input', open: () => context.io.stdin }
  const { root, path, counted } = streamRoot(name, stream, options.time)
  return { root, paths: [path], excludes: [], stream: counted }
}

function refuseMixed(options: BackupValues, args: readonly string[]): void {
  if (options.stdin && options.stdinFromCommand) {
    throw new UsageError('only one of --stdin and --stdin-from-command can be used')
  }
  const lists = [...options.filesFrom, ...options.filesFromVerbatim, ...options.filesFromRaw]
  if (lists.length > 0) throw new UsageError('--files-from does not go together with a stream')
  if (options.stdin && args.length > 0) {
    throw new UsageError(`--stdin saves standard input only, but '${args[0]}' is named too`)
  }
  if (options.stdinFromCommand && args.length === 0) {
    throw new UsageError('--stdin-from-command needs a command', { hint: 'write it after --, with its own options' })
  }
}

async function openFiles(
  options: BackupValues,
  args: readonly string[],
  context: CommandContext,
): Promise<BackupInput> {
  const { excludeFilter, openTargets, patternTexts } = await import('@hikae/engine')
  const { out, env } = context
  const workingDirectory = realpathSync.native('.', 'latin1')
  const exclude = await readPatterns(
    {
      patterns: options.exclude,
      ignoringCase: options.iexclude,
      files: options.excludeFile,
      filesIgnoringCase: options.iexcludeFile,
    },
    env,
  )
  const filter = excludeFilter({
    exclude,
    excludeIfPresent: options.excludeIfPresent,
    excludeCaches: options.excludeCaches,
    excludeLargerThan: options.excludeLargerThan,
    onWarning: ({ path, reason }) => out.warn(`${printableText(path)}: ${reason}`),
  })
  const targets = [...args.map(argumentBytes), ...(await listedTargets(options, workingDirectory, context))]
  const opened = openTargets(targets, {
    workingDirectory,
    oneFileSystem: options.oneFileSystem,
    ...(filter ? { filter } : {}),
  })
  return { root: opened.root, paths: opened.paths, excludes: patternTexts(exclude) }
}

async function listedTargets(
  options: BackupValues,
  workingDirectory: string,
  { io, out }: CommandContext,
): Promise<string[]> {
  const { targetsFromPatterns, targetsRaw, targetsVerbatim } = await import('@hikae/engine')
  const found: string[] = []
  for (const path of options.filesFrom) {
    const { targets, unmatched } = targetsFromPatterns(await readTextFileOrStdin(path, io), workingDirectory)
    for (const pattern of unmatched) out.warn(`${pattern}: nothing matches`)
    found.push(...targets)
  }
  for (const path of options.filesFromVerbatim) found.push(...targetsVerbatim(await readTextFileOrStdin(path, io)))
  for (const path of options.filesFromRaw) found.push(...targetsRaw(await readTextFileOrStdin(path, io)))
  return found
}
