import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag } from '../option.ts'
import { listedNodeJson, nodeLine } from '../output/node.ts'
import { describeSnapshot, snapshotJson } from '../output/snapshot.ts'
import { argumentBytes } from '../repository/byte-argument.ts'
import { openSession } from '../repository/session.ts'
import { chooseSnapshot } from '../repository/snapshot-choice.ts'

export const ls = command({
  name: 'ls',
  group: 'Look',
  summary: 'List the files of a snapshot',
  description:
    'Without directories, everything is listed. With absolute directories, what lies in them, and with --recursive what lies ' +
    'below them too.',
  arguments: [
    { name: 'SNAPSHOT', help: 'id, beginning of an id, or latest; with :PATH, only what is below', required: true },
    { name: 'DIRECTORY', help: 'absolute path in the snapshot', variadic: true },
  ],
  options: {
    ...snapshotFilterOptions,
    long: flag({ short: 'l', help: 'show mode, owner, size and time too' }),
    recursive: flag({ help: 'also below the subdirectories of the named directories' }),
    humanReadable: flag({ help: 'show sizes as KiB, MiB and so on' }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['ls latest', 'every path'],
    ['ls -l latest /srv/uploads', 'one directory with sizes and times'],
    ['ls --json latest:/srv', 'for programs, one line each'],
  ],
  async run({ options, globals, args }, context) {
    const { listTree } = await import('@hikae/engine')
    const [spec, ...directories] = args
    const relative = directories.find((directory) => !directory.startsWith('/'))
    if (relative !== undefined) throw new UsageError(`'${relative}' is not an absolute path in the snapshot`)
    await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
    const { snapshot, path } = await chooseSnapshot(session, spec!, options)
    const { out } = context
    if (out.json) out.document({ ...snapshotJson(snapshot), message_type: 'snapshot', struct_type: 'snapshot' })
    else out.note(`${describeSnapshot(snapshot)}:`)
    for (const directory of directories.length === 0 ? ['/'] : directories) {
      const listing = listTree(session.repository, snapshot, {
        path: path + argumentBytes(directory),
        recursive: options.recursive || directories.length === 0,
        signal: session.signal,
      })
      for await (const { path: whole, node } of listing) {
        const listed = path === '/' ? whole : whole.slice(path.length)
        if (listed === '') continue
        if (out.json) out.document(listedNodeJson(listed, node))
        else out.line(nodeLine(listed, node, options))
      }
    }
    return EXIT.succeeded
  },
})
