import type { StoredSnapshot, TagChange } from '@hikae/engine'
import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { list, type OptionValues } from '../option.ts'
import { printFailure } from '../output/failure.ts'
import { formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { shortId } from '../output/snapshot.ts'
import { openSession } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { parseTags } from '../values/tags.ts'

const tagOptions = {
  ...snapshotFilterOptions,
  set: list({ placeholder: 'TAG[,TAG…]', parse: parseTags, help: "replace all tags by these; '' for none" }),
  add: list({ placeholder: 'TAG[,TAG…]', parse: parseTags, help: 'add these' }),
  remove: list({ placeholder: 'TAG[,TAG…]', parse: parseTags, help: 'remove these' }),
}

export const tag = command({
  name: 'tag',
  group: 'Keep house',
  summary: 'Change the tags of snapshots',
  description:
    'A snapshot whose tags change gets a new id; the first one it had stays recorded as its original. Without names, all ' +
    'snapshots are changed that --host, --tag and --path let through.',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options: tagOptions,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['tag --add release latest', 'one more tag for the newest'],
    ['tag --tag old --remove old --add archive', 'another tag for all that have it'],
  ],
  async run({ options, globals, args }, context) {
    const change = changeOf(options)
    const { tagSnapshots } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'exclusive', index: 'unloaded' })
    const { out } = context
    const { snapshots, isComplete } = await selectSnapshots(session, args, options, out)
    const { changed, unchanged, failed } = await tagSnapshots(session.repository, snapshots, change, {
      signal: session.signal,
      confirmLock: async () => await session.lock?.confirm(),
      onChanged: (old, replacement) => printChange(old, replacement, out),
    })
    for (const { snapshot, error } of failed) {
      printFailure({ item: snapshot.id, what: `snapshot ${shortId(snapshot.id)}`, error, during: 'tag' }, out)
    }
    if (out.json) out.document({ message_type: 'summary', changed_snapshots: changed })
    else
      out.line(
        `changed ${formatQuantity(changed, 'snapshot')}${unchanged > 0 ? `, ${unchanged} had nothing to change` : ''}`,
      )
    return failed.length === 0 && isComplete ? EXIT.succeeded : EXIT.incomplete
  },
})

/** All of `--add` and `--remove` apply; `--set ''` means no tags. */
function changeOf({ set, add, remove }: OptionValues<typeof tagOptions>): TagChange {
  const [added, removed] = [add.flat(), remove.flat()]
  if (set.length > 0 && (add.length > 0 || remove.length > 0)) {
    throw new UsageError('--set replaces all tags, so --add and --remove have no meaning with it', {
      hint: 'use either --set, or --add and --remove',
    })
  }
  if (set.length === 0 && added.length === 0 && removed.length === 0) {
    throw new UsageError('no tag is named, so there is nothing to change', { hint: 'use --set, --add or --remove' })
  }
  return set.length > 0 ? { set: set.flat() } : { add: added, remove: removed }
}

function printChange(old: StoredSnapshot, replacement: StoredSnapshot, out: Output): void {
  if (out.json) {
    out.document({ message_type: 'changed', old_snapshot_id: old.id, new_snapshot_id: replacement.id })
  } else {
    out.note(`snapshot ${shortId(old.id)} is now ${shortId(replacement.id)}`)
  }
}
