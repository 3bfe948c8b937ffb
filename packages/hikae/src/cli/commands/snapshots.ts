import type { SnapshotGroup, StoredSnapshot } from '@hikae/engine'
import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag, value } from '../option.ts'
import type { Output } from '../output/output.ts'
import { formatQuantity } from '../output/format.ts'
import { snapshotJson } from '../output/snapshot.ts'
import { describeGroup, groupJson, snapshotTable } from '../output/snapshot-table.ts'
import { openSession } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { groupByOption } from '../shared-options.ts'
import { wholeNumber } from '../values/number.ts'

export const snapshots = command({
  name: 'snapshots',
  group: 'Look',
  summary: 'List the snapshots of a repository',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options: {
    ...snapshotFilterOptions,
    latest: value({
      placeholder: 'N',
      parse: wholeNumber(1),
      help: 'only the newest N of each host and set of paths, or of each group',
    }),
    compact: flag({ short: 'c', help: 'leave out the paths' }),
    groupBy: groupByOption,
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['snapshots', 'all of them'],
    ['snapshots --host db1 --latest 3', 'the newest three of one host'],
    ['snapshots --json | jq -r ".[].short_id"', 'for programs'],
  ],
  async run({ options, globals, args }, context) {
    const { groupSnapshots } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'none' })
    const { out } = context
    const { snapshots: selected, isComplete } = await selectSnapshots(session, args, options, out)
    const exitCode = isComplete ? EXIT.succeeded : EXIT.incomplete
    if (options.groupBy === undefined || options.groupBy.length === 0) {
      printList(newestOf(groupSnapshots(selected, ['host', 'paths']), options.latest), out, options)
      return exitCode
    }
    const groups = groupSnapshots(selected, options.groupBy)
    if (out.json) out.document(groups.map((group) => groupJson(group, newestOf([group], options.latest))))
    for (const group of out.json ? [] : groups) {
      out.line(`snapshots ${describeGroup(group)}:`)
      printList(newestOf([group], options.latest), out, options)
    }
    return exitCode
  },
})

/** The newest `count` of each group, or all; oldest first. */
function newestOf(groups: readonly SnapshotGroup[], count = Number.MAX_SAFE_INTEGER): readonly StoredSnapshot[] {
  const kept = groups.flatMap(({ snapshots: newestFirst }) => newestFirst.slice(0, count))
  return kept.sort((a, b) => Date.parse(a.time) - Date.parse(b.time))
}

function printList(list: readonly StoredSnapshot[], out: Output, options: { compact: boolean }): void {
  if (out.json) return out.document(list.map(snapshotJson))
  if (list.length > 0) for (const line of snapshotTable(list, options)) out.line(line)
  out.line(formatQuantity(list.length, 'snapshot'))
}
