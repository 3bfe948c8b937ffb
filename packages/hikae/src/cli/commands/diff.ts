import type { DiffStatistics } from '@hikae/engine'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { flag } from '../option.ts'
import { printUnreadableDirectory } from '../output/failure.ts'
import { formatBytes } from '../output/format.ts'
import { jsonPath, printablePath } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { openSession } from '../repository/session.ts'
import { chooseSnapshot } from '../repository/snapshot-choice.ts'

const ANY_SNAPSHOT = { host: [], tag: [], path: [] }

export const diff = command({
  name: 'diff',
  group: 'Look',
  summary: 'Show what changed from one snapshot to another',
  description:
    'Each path has a letter: + added, - removed, M content changed, T type changed, U only metadata changed (with --metadata), ' +
    '? content changed although all metadata is the same, which points at a failing disk.',
  arguments: [
    { name: 'FROM', help: 'snapshot, with an optional :PATH', required: true },
    { name: 'TO', help: 'snapshot, with an optional :PATH', required: true },
  ],
  options: { metadata: flag({ help: 'also show changes of metadata: modes, owners, times' }) },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['diff latest~1 latest', 'what the last backup found'],
    ['diff 6ae53445:/srv latest:/srv', 'of one directory'],
  ],
  async run({ options, globals, args }, context) {
    const engine = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
    const from = await chooseSnapshot(session, args[0]!, ANY_SNAPSHOT)
    const to = await chooseSnapshot(session, args[1]!, ANY_SNAPSHOT)
    const { out } = context
    out.note(`comparing snapshot ${shortId(from.snapshot.id)} to ${shortId(to.snapshot.id)}:`)
    out.note()
    let isComplete = true
    const changes = engine.diff(session.repository, from, to, {
      metadata: options.metadata,
      signal: session.signal,
      onUnreadable: (path, error) => {
        isComplete = false
        printUnreadableDirectory(path, error, out)
      },
    })
    for (;;) {
      const step = await changes.next()
      if (step.done) {
        printStatistics(step.value, from.snapshot.id, to.snapshot.id, context)
        return isComplete ? EXIT.succeeded : EXIT.incomplete
      }
      const { path, modifier } = step.value
      if (out.json) out.document({ message_type: 'change', path: jsonPath(path), modifier })
      else out.line(`${modifier.padEnd(5)}${printablePath(path)}`)
    }
  },
})

function printStatistics(
  { changedFiles, added, removed }: DiffStatistics,
  from: string,
  to: string,
  { out }: CommandContext,
): void {
  if (out.json) {
    out.document({
      message_type: 'statistics',
      source_snapshot: from,
      target_snapshot: to,
      changed_files: changedFiles,
      added: countsJson(added),
      removed: countsJson(removed),
    })
    return
  }
  out.note()
  const row = (name: string, a: number, b: number, rest = ''): string =>
    `${`${name}:`.padEnd(12)}${count(a)} new, ${count(b)} removed${rest}`
  out.note(row('Files', added.files, removed.files, `, ${count(changedFiles)} changed`))
  out.note(row('Dirs', added.dirs, removed.dirs))
  out.note(row('Others', added.others, removed.others))
  out.note(row('Data Blobs', added.dataBlobs, removed.dataBlobs))
  out.note(row('Tree Blobs', added.treeBlobs, removed.treeBlobs))
  out.note(`  Added:   ${formatBytes(added.bytes)}`)
  out.note(`  Removed: ${formatBytes(removed.bytes)}`)
}

function count(number: number): string {
  return String(number).padStart(5)
}

function countsJson({ files, dirs, others, dataBlobs, treeBlobs, bytes }: DiffStatistics['added']): object {
  return { files, dirs, others, data_blobs: dataBlobs, tree_blobs: treeBlobs, bytes }
}
