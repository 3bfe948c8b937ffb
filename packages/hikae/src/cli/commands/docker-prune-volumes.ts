import { command } from '../command.ts'
import { engineOption } from '../docker/engine-option.ts'
import { flag, value } from '../option.ts'
import { parseDuration } from '../values/duration.ts'

export const dockerPruneVolumes = command({
  name: 'docker prune-volumes',
  group: 'Keep house',
  summary: 'Remove volumes that nobody uses and a snapshot has',
  description:
    'A volume goes only when no container has it, running or not, and when all that is in it is in a good snapshot of a source of ' +
    'hikae.yaml: everything is read back from the repository and compared with the volume, byte for byte, with owners, modes ' +
    'and times. The plan says of each volume why it goes or stays, and asks; right before each removal all is looked at again. ' +
    'A volume of a project that is down, or of a service, goes only when it is named. What is removed is named with the command ' +
    'that brings it back. Exit code 3 when something could not be read, or a volume that was named stays; 1 when all of them stay.',
  arguments: [
    { name: 'NAME', help: 'volumes, or patterns such as cache-*; all that are dangling by default', variadic: true },
  ],
  options: {
    engine: engineOption,
    olderThan: value({
      placeholder: 'DURATION',
      parse: parseDuration,
      help: 'only volumes that were made, and in which something was last changed, longer ago than that: 30d',
    }),
    dryRun: flag({ short: 'n', help: 'only compare, and show the plan' }),
    yes: flag({ short: 'y', help: 'do not ask' }),
  },
  globals: ['connection', 'output'],
  examples: [
    ['docker prune-volumes --dry-run', 'which volumes could go, and why the others stay'],
    ['docker prune-volumes --older-than 30d', 'asks before it removes anything'],
    ['docker prune-volumes shop_data', 'this one, also when its project is down'],
  ],
  async run({ options, args, globals }, context) {
    const { runPruneVolumes } = await import('../docker/run-prune-volumes.ts')
    return runPruneVolumes(args, options, globals, context)
  },
})
