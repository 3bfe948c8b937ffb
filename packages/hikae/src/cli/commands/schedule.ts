import { command } from '../command.ts'
import { flag, value } from '../option.ts'
import { oneOf } from '../values/choice.ts'
import { someText } from '../values/text.ts'

const KINDS = ['systemd', 'cron', 'github'] as const

const root = value({
  placeholder: 'DIR',
  parse: someText,
  completes: 'directory',
  help: 'folders of a system that is mounted there, as when an image is built (default /)',
})
const dryRun = flag({ short: 'n', help: 'only show the plan; with -v, every line of the files' })

export const scheduleInstall = command({
  name: 'schedule install',
  group: 'Keep house',
  summary: 'Have timers or cron run the jobs, without the daemon',
  description:
    'Writes a systemd timer for each job where systemd runs, else one file for cron. Both ask the program what is due, so ' +
    'that time zones, changes of clocks and what was missed are as with the daemon. Running it again brings the machine up to ' +
    'the stack file; nothing is ever installed twice. With --with github a workflow for GitHub Actions is printed instead, ' +
    'for sources and repositories that are in the cloud. Jobs that run on changes need hikae daemon.',
  arguments: [],
  options: {
    with: value({
      placeholder: 'KIND',
      parse: oneOf(KINDS),
      choices: KINDS,
      help: `${KINDS.join(', ')} (default: what this machine has)`,
    }),
    user: value({ placeholder: 'NAME', parse: someText, help: 'who makes the backups (default: who runs this)' }),
    program: value({
      placeholder: 'FILE',
      parse: someText,
      completes: 'file',
      help: 'full path of hikae (default: this one)',
    }),
    root,
    output: value({
      placeholder: 'FILE',
      parse: someText,
      completes: 'file',
      help: 'with --with github: write the workflow there',
    }),
    dryRun,
  },
  globals: ['connection', 'output'],
  examples: [
    ['schedule install --dry-run -v', 'what would be written'],
    ['schedule install --config /srv/app/hikae.yaml --user backup', 'as another user'],
    ['schedule install --with github --output .github/workflows/backup.yaml', 'a workflow'],
  ],
  async run({ options, globals }, context) {
    const { installSchedules } = await import('../schedule/install.ts')
    return installSchedules(options, globals, context)
  },
})

export const scheduleShow = command({
  name: 'schedule show',
  group: 'Keep house',
  summary: 'List when jobs run, and what begins them on this machine',
  arguments: [],
  options: { root },
  globals: ['connection', 'output'],
  examples: [
    ['schedule show', 'jobs, schedules, next times'],
    ['schedule show --json | jq -r ".[].next"', 'for programs'],
  ],
  async run({ options, globals }, context) {
    const { showSchedules } = await import('../schedule/show.ts')
    return showSchedules(options, globals, context)
  },
})

export const scheduleRemove = command({
  name: 'schedule remove',
  group: 'Keep house',
  summary: 'Take the schedules of the stack off this machine',
  description: 'Removes what schedule install made for the stack, and nothing else. Backups are not touched.',
  arguments: [],
  options: {
    stack: value({
      placeholder: 'NAME',
      parse: someText,
      help: 'of a stack whose file is gone (default: that of the stack file)',
    }),
    root,
    dryRun,
  },
  globals: ['connection', 'output'],
  examples: [
    ['schedule remove --dry-run', 'what would be removed'],
    ['schedule remove --stack shop', 'when its hikae.yaml is gone'],
  ],
  async run({ options, globals }, context) {
    const { removeSchedules } = await import('../schedule/remove.ts')
    return removeSchedules(options, globals, context)
  },
})
