import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'

export const alertsTest = command({
  name: 'alerts test',
  group: 'Look',
  summary: 'Send a test to every channel of alerts:',
  description:
    'Says of each whether it was accepted, and why not. Whether it arrives is for you to see: look there. Exit code 3 when one ' +
    'was not accepted.',
  arguments: [],
  options: {},
  globals: ['connection', 'output'],
  examples: [['alerts test', 'before you rely on them']],
  async run({ globals }, context) {
    const { Alerting } = await import('../alerts/alerting.ts')
    const { openStackJobs } = await import('../jobs/stack-jobs.ts')
    const { openState } = await import('../../state/state.ts')
    const stack = await openStackJobs(globals, context)
    if (!stack || stack.stack.config.alerts.length === 0) {
      throw new UsageError(stack ? `${stack.stack.file} has no alerts` : 'there is no stack file', {
        hint: 'write alerts: in hikae.yaml, for instance - ntfy: { topic: … }',
      })
    }
    await using state = openState(stack.stateFolder, { clock: Date.now })
    const deliveries = await new Alerting(stack, state, context).test()
    for (const delivery of deliveries) {
      const { channel, place, sent } = delivery
      if (context.out.json) context.out.document({ message_type: 'alert', channel, place, sent })
      else if (sent) context.out.line(`${place}: accepted`)
    }
    return deliveries.every(({ sent }) => sent) ? EXIT.succeeded : EXIT.incomplete
  },
})
