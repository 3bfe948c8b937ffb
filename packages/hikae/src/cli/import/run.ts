import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import type { CommandInput } from '../command.ts'
import type { importOptions } from '../commands/import.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { ownIdentity } from '../../identity.ts'
import { ownTimeZone } from '../../schedules/time-zone.ts'
import { argumentBytes } from '../repository/byte-argument.ts'
import { chooseRepositories } from '../repository/choose.ts'
import { findItems } from './find-items.ts'
import { ImportLog } from './log.ts'
import { openDestinations } from './destinations.ts'
import { importItem, type ImportSettings } from './import-item.ts'

/** `hikae import`: finds what is there, and makes a snapshot of each that the repositories do not have. */
export async function runImport(
  { options, globals, args }: CommandInput<typeof importOptions>,
  context: CommandContext,
): Promise<ExitCode> {
  const chosen = await chooseRepositories(globals, context)
  const found = await findItems(args.map(absolutePath), {
    forced: options.time,
    pattern: options.timeFromName,
    zone: options.timeZone ?? ownTimeZone(),
    nowMs: Date.now(),
    keepNames: options.keepNames,
  })
  const settings: ImportSettings = {
    host: options.host ?? ownIdentity().hostname,
    tags: options.tag.flat(),
    scratch: options.scratch ?? tmpdir(),
    globals,
  }
  const log = new ImportLog(context.out, settings)
  for (const refusal of found.refused) log.refused(refusal)
  await using destinations = await openDestinations(chosen, globals, context, options)
  for (const item of found.items) {
    context.signal.throwIfAborted()
    const missing = destinations.lacking(item, settings.host)
    if (missing.length === 0) log.skipped(item, destinations.holding(item, settings.host))
    else if (options.dryRun) log.planned(item)
    else log.done(item, await importItem(item, destinations, missing, settings, context))
    destinations.refuseWhenAllFailed()
  }
  log.end(found.leftOut, { dryRun: options.dryRun })
  return exitCodeOf(log, destinations.failures)
}

function absolutePath(argument: string): string {
  const path = argumentBytes(argument)
  // Byte strings pass through unharmed: only slashes and dots mean something here.
  return path.startsWith('/') ? resolve(path) : resolve(realpathSync.native('.', 'latin1'), path)
}

function exitCodeOf({ troubles, successes }: ImportLog, failedRepositories: number): ExitCode {
  if (troubles === 0 && failedRepositories === 0) return EXIT.succeeded
  return successes > 0 ? EXIT.incomplete : EXIT.failed
}
