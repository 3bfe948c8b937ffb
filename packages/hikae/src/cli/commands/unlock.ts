import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { flag } from '../option.ts'
import { formatQuantity } from '../output/format.ts'
import { openSession } from '../repository/session.ts'

export const unlock = command({
  name: 'unlock',
  group: 'Keep house',
  summary: 'Remove locks that were left behind',
  description:
    'A lock is stale when it was not refreshed for half an hour, or when its program on this machine has ended. Other locks ' +
    'belong to programs that are at work: they are removed with --remove-all only, which can cost those programs their data. ' +
    'Locks of programs that were killed on this machine need none of this: the next command removes them.',
  arguments: [],
  options: { removeAll: flag({ help: 'also locks that are not stale' }) },
  globals: ['repository', 'connection', 'output'],
  examples: [['unlock', 'after another machine was switched off in the middle of a backup']],
  async run({ options, globals }, context) {
    const { unlock: removeLocks } = await import('@hikae/engine')
    await using session = await openSession(globals, context, { lock: 'none' })
    const { removed } = await removeLocks(session.repository, { all: options.removeAll, signal: session.signal })
    const { out } = context
    if (out.json) out.document({ message_type: 'unlocked', removed })
    else out.note(removed === 0 ? 'no lock had to be removed' : `removed ${formatQuantity(removed, 'lock')}`)
    return EXIT.succeeded
  },
})
