import { command } from '../command.ts'
import { flag } from '../option.ts'
import { pruneOptions } from '../prune/prune-options.ts'
import { runPrune } from '../prune/run.ts'
import { openSession } from '../repository/session.ts'

export const prune = command({
  name: 'prune',
  group: 'Keep house',
  summary: 'Free the space of what no snapshot needs',
  description:
    'Packs of which nothing is needed are deleted. Those of which a part is needed are rewritten, until little enough is ' +
    'unneeded. Nothing that a snapshot needs is deleted before it is stored anew and indexed: a prune can be stopped at any ' +
    'time, and the next one goes on. When anything is damaged or missing, nothing is changed. ' +
    'With maintenance: in hikae.yaml, repositories are pruned by themselves.',
  arguments: [],
  options: {
    dryRun: flag({ short: 'n', help: 'only show what would be deleted and rewritten, and why; needs no lock' }),
    ...pruneOptions,
  },
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['prune -n', 'see what it would do'],
    ['prune', 'after a forget, weekly or so'],
    ['prune --max-repack-size 5G', 'in small portions, as on a slow connection'],
    ['prune --max-unused unlimited', 'fast: delete only, and rewrite next to nothing'],
  ],
  async run({ options, globals }, context) {
    const lock = options.dryRun ? 'none' : 'exclusive'
    await using session = await openSession(globals, context, { lock, index: 'unloaded' })
    return await runPrune(session, { options, globals, what: options.dryRun ? 'plan' : 'prune' }, context)
  },
})
