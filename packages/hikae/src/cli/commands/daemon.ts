import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { flag } from '../option.ts'

export const daemon = command({
  name: 'daemon',
  runsUntilStopped: true,
  group: 'Save',
  summary: 'Run the jobs of hikae.yaml when they are due',
  description:
    'Stays, and runs each job at its time, or when what it saves has changed. What was missed while it was not there runs once, ' +
    'at its start. No job runs twice at the same time. hikae.yaml is read again when it changes, and on SIGHUP; a file that ' +
    'makes no sense changes nothing. SIGTERM stops what runs and ends it. --health is for what watches it from outside, as Docker ' +
    'does: it says whether jobs begin when they are due, and not how they end, which alerts and hikae status tell. Under systemd (Type=notify, NotifyAccess=all) it says ' +
    'when it is ready and gives signs of life.',
  arguments: [],
  options: {
    health: flag({
      help: 'ask the one that runs whether it serves the schedules: 0 when it does, else 1; runs nothing',
    }),
  },
  globals: ['connection', 'storage', 'output'],
  examples: [
    ['daemon --config /etc/hikae/hikae.yaml', 'in the foreground, as a service manager wants it'],
    ['daemon --health --quiet', 'whether it is at work'],
  ],
  async run({ options, globals }, context) {
    if (options.health) {
      const { tellHealth } = await import('../daemon/tell-health.ts')
      return await tellHealth(globals, context)
    }
    const { openStackJobs } = await import('../jobs/stack-jobs.ts')
    const { runDaemon } = await import('../daemon/run-daemon.ts')
    const stack = await openStackJobs(globals, context)
    if (!stack || stack.jobs.length === 0) {
      throw new UsageError(stack ? `${stack.stack.file} has no jobs` : 'there is no stack file', {
        hint: 'write hikae.yaml with jobs, or name one with --config',
      })
    }
    await runDaemon(stack, globals, context)
    return EXIT.succeeded
  },
})
