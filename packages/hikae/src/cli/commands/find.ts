import type { EntryQuery, ObjectQuery, StoredSnapshot } from '@hikae/engine'
import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag, list, type OptionValues, value } from '../option.ts'
import { printUnreadableDirectory } from '../output/failure.ts'
import { FindPrinter } from '../output/find-printer.ts'
import { argumentBytes } from '../repository/byte-argument.ts'
import { openSession } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { anyText } from '../values/text.ts'
import { parsePointInTime } from '../values/time.ts'

const options = {
  ...snapshotFilterOptions,
  ignoreCase: flag({ short: 'i', help: 'whether upper or lower case' }),
  long: flag({ short: 'l', help: 'show mode, owner, size and time too' }),
  humanReadable: flag({ help: 'show sizes as KiB, MiB and so on' }),
  oldest: value({
    short: 'O',
    placeholder: 'TIME',
    parse: parsePointInTime,
    help: 'only what was modified then or later',
  }),
  newest: value({
    short: 'N',
    placeholder: 'TIME',
    parse: parsePointInTime,
    help: 'only what was modified then or earlier',
  }),
  snapshot: list({ short: 's', placeholder: 'SNAPSHOT', parse: anyText, help: 'look in this snapshot (repeatable)' }),
  reverse: flag({ short: 'R', help: 'oldest snapshot first' }),
  blob: flag({ help: 'the patterns are ids of blobs: which files hold them?' }),
  tree: flag({ help: 'the patterns are ids of trees: which directories are they?' }),
  pack: flag({ help: 'the patterns are ids of packs: what is in them?' }),
  showPackId: flag({ help: 'with --blob or --tree, tell in which pack it lies' }),
}

export const find = command({
  name: 'find',
  group: 'Look',
  summary: 'Find files by name or date in all snapshots',
  description:
    'A pattern without a slash is compared with names, one with slashes with whole paths; * and ? stand for any characters, ' +
    '** for any directories.',
  arguments: [
    {
      name: 'PATTERN',
      help: 'name, path or pattern; with --blob, --tree or --pack an id',
      required: true,
      variadic: true,
    },
  ],
  options,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['find config.json', 'in which snapshots is it?'],
    ["find -l --oldest 2026-11-01 '*.pdf'", 'recent ones, with size and time'],
  ],
  async run({ options: given, globals, args }, context) {
    const engine = await import('@hikae/engine')
    const request = findRequest(given, args)
    await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
    const chosen = await selectSnapshots(session, given.snapshot, given, context.out)
    const ordered: StoredSnapshot[] = given.reverse ? chosen.snapshots : chosen.snapshots.toReversed()
    let { isComplete } = chosen
    const watch = {
      signal: session.signal,
      onUnreadable: (_: StoredSnapshot, path: string, error: unknown) => {
        isComplete = false
        printUnreadableDirectory(path, error, context.out)
      },
    }
    const printer = new FindPrinter(context.out, { ...given, index: session.repository.index })
    if (request.kind === 'entries') {
      for await (const found of engine.findEntries(session.repository, ordered, request.query, watch)) {
        printer.printEntry(found)
      }
    } else {
      for await (const found of engine.findObjects(session.repository, ordered, request.query, watch)) {
        printer.printObject(found)
      }
    }
    printer.end()
    return isComplete ? EXIT.succeeded : EXIT.incomplete
  },
})

type FindRequest =
  | { readonly kind: 'entries'; readonly query: EntryQuery }
  | { readonly kind: 'objects'; readonly query: ObjectQuery }

function findRequest(given: OptionValues<typeof options>, args: readonly string[]): FindRequest {
  const kinds = (['blob', 'tree', 'pack'] as const).filter((kind) => given[kind])
  if (kinds.length > 1) throw new UsageError(`only one of ${kinds.map((kind) => `--${kind}`).join(', ')} can be used`)
  const [kind] = kinds
  if (kind !== undefined) return { kind: 'objects', query: { [`${kind}s`]: args } }
  const query: EntryQuery = {
    patterns: args.map(argumentBytes),
    ignoreCase: given.ignoreCase,
    ...(given.oldest === undefined ? {} : { oldest: given.oldest }),
    ...(given.newest === undefined ? {} : { newest: given.newest }),
  }
  return { kind: 'entries', query }
}
