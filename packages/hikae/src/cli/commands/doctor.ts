import { command } from '../command.ts'
import { value } from '../option.ts'
import { someText } from '../values/text.ts'

export const doctor = command({
  name: 'doctor',
  group: 'Look',
  summary: 'Examine everything that a backup needs, and say what to do',
  description:
    'One line each for the program, the stack file, every source and repository, the copies, the history and the schedule, ' +
    'with the next step under what is not as it should be. Repositories are opened and disks are looked at; no data is read, ' +
    'and nothing is changed but what an interrupted restore has left. ' +
    'Exit code 0 when all is well, 3 with warnings only, 1 when a backup would fail or not be whole.',
  arguments: [],
  options: {
    root: value({
      placeholder: 'DIR',
      parse: someText,
      completes: 'directory',
      help: 'look for installed schedules in the system below (default /)',
    }),
  },
  globals: ['connection', 'output'],
  examples: [
    ['doctor', 'everything in hikae.yaml'],
    ['doctor --quiet', 'only what is not as it should be'],
  ],
  async run({ options, globals }, context) {
    const { runDoctor } = await import('../doctor/run.ts')
    return runDoctor(options.root, globals, context)
  },
})
