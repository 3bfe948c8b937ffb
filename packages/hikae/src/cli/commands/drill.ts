import { command } from '../command.ts'
import { value } from '../option.ts'
import { someText } from '../values/text.ts'

export const drill = command({
  name: 'drill',
  group: 'Prove',
  summary: 'Rehearse the restore of sources of hikae.yaml',
  description:
    'Brings the newest point of each source back into a throwaway place, looks at what came back with the means of its kind ' +
    '(files are read and counted, databases are checked and asked what `verify:` says), tells how long that took, and ' +
    'leaves nothing behind. What is live is never touched. Without SOURCE, all sources, one after the other; one that fails does ' +
    'not stop the others. The last result stands in `hikae status`, beside the time that was promised. ' +
    'Exit code 0 when all came back, 3 when something did not, or had been missing already when it was saved, 1 when nothing did.',
  arguments: [{ name: 'SOURCE', help: 'sources of hikae.yaml; all of them by default', variadic: true }],
  options: {
    at: value({
      placeholder: 'WHEN',
      parse: someText,
      help: 'the newest point that is not later, or the id of a snapshot or run (default the newest)',
    }),
    scratch: value({
      placeholder: 'FOLDER',
      parse: someText,
      completes: 'directory',
      help: 'bring it back below this folder, for instance on a larger disk (default the folder of the state)',
    }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['drill', 'everything in hikae.yaml'],
    ['drill orders', 'one source'],
    ['drill orders --repo offsite', 'from this repository'],
    ["drill orders --at '2026-11-20 12:00'", 'as it was then'],
  ],
  async run({ options, globals, args }, context) {
    const { sourcesToDrill } = await import('../drill/sources-to-drill.ts')
    const { runDrills } = await import('../drill/run-drills.ts')
    const { pointAt } = await import('../jobs/point-at.ts')
    const { at } = pointAt(options.at)
    const chosen = await sourcesToDrill(args, globals, context)
    return await runDrills({ ...chosen, at, scratch: options.scratch }, globals, context)
  },
})
