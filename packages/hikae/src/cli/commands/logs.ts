import { InputError, UsageError } from '../../errors.ts'
import { LOG_LEVELS, type LogLevel } from '../../state/log-entry.ts'
import type { RunRecord } from '../../state/run-record.ts'
import type { State } from '../../state/state.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { formatQuantity } from '../output/format.ts'
import { oneOf } from '../values/choice.ts'
import { someText } from '../values/text.ts'

const options = {
  last: flag({ help: 'the newest run; so it is when no run is named' }),
  job: value({ placeholder: 'JOB', parse: someText, help: 'the newest run of this job' }),
  level: value({
    placeholder: 'LEVEL',
    parse: oneOf(LOG_LEVELS),
    choices: LOG_LEVELS,
    help: `only what is so important or more: ${LOG_LEVELS.join(', ')}`,
  }),
  follow: flag({ short: 'f', help: 'go on until the run is over' }),
}

export const logs = command({
  name: 'logs',
  group: 'Look',
  summary: 'Show the log of a run',
  description:
    'What a run did, line by line, without the secrets it used. With --json, the lines are given as they are kept: an object ' +
    'each. The stack file is hikae.yaml here or in /etc/hikae, or that of --config FILE.',
  arguments: [{ name: 'RUN', help: 'its id, or a beginning of it; the newest run by default', completes: 'nothing' }],
  options,
  globals: ['output'],
  examples: [
    ['logs', 'of the newest run'],
    ['logs --job databases --follow', 'watch what a job does'],
    ['logs 20261121T2015 --level warning', 'only what went wrong'],
  ],
  async run({ options: given, globals, args }, context) {
    refuseMixture(given, args)
    const { openExistingState, stackStateFolder } = await import('../history/stack-state.ts')
    const folder = await stackStateFolder(globals, context.env)
    await using state = await openExistingState(folder, { clock: Date.now }, context.out)
    if (state === undefined) {
      throw new InputError('nothing has run yet', { hint: `the logs would be in ${folder}` })
    }
    const { lastRun, runNamed } = await import('../history/choose-run.ts')
    const run = args[0] === undefined ? lastRun(state.runs, given.job) : runNamed(state.runs, args[0])
    await printLog(state, run, given, context)
    return EXIT.succeeded
  },
})

function refuseMixture({ last, job }: OptionValues<typeof options>, [run]: readonly string[]): void {
  if (run === undefined || (!last && job === undefined)) return
  throw new UsageError('only one of RUN, and --last or --job, can be used')
}

async function printLog(
  state: State,
  run: RunRecord,
  { level, follow }: OptionValues<typeof options>,
  { out, signal }: CommandContext,
): Promise<void> {
  const { logLine } = await import('../history/log-line.ts')
  const { parseLogLine } = await import('../../state/parse-log-line.ts')
  const { paintOutcome } = await import('../history/paint-outcome.ts')
  const outcomeNow = (): RunRecord['outcome'] | 'forgotten' => {
    const now = state.runs.get(run.id)
    return now === undefined ? 'forgotten' : now.outcome
  }
  const lines = follow
    ? state.logs.follow(run.id, { isOver: () => outcomeNow() !== undefined, signal })
    : state.logs.read(run.id)
  let entries = 0
  let damaged = 0
  for await (const line of lines) {
    const entry = parseLogLine(line)
    if (entry === undefined) damaged++
    else entries++
    if (entry === undefined || !isAtLeast(entry.level, level)) continue
    if (out.json) out.document(entry)
    else out.line(logLine(entry, out.paint))
  }
  if (damaged > 0) out.warn(`${formatQuantity(damaged, 'line')} of the log cannot be read: something cut them off`)
  if (entries === 0) out.warn(`there is no log of run ${run.id}`)
  const outcome = outcomeNow()
  out.note(`run ${run.id}: ${outcome === 'forgotten' ? outcome : paintOutcome(outcome, out.paint)}`)
}

function isAtLeast(level: LogLevel, wanted: LogLevel = 'debug'): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(wanted)
}
