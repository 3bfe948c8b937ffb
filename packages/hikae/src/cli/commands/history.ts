import { UsageError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { State } from '../../state/state.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { printableText } from '../output/printable.ts'
import { parseSince } from '../history/since.ts'
import { wholeNumber } from '../values/number.ts'
import { someText } from '../values/text.ts'

/** Runs that fit on a screen. */
const DEFAULT_LAST = 20

const options = {
  job: value({ placeholder: 'JOB', parse: someText, help: 'only runs of this job' }),
  source: value({ placeholder: 'NAME', parse: someText, help: 'how this source grew from run to run' }),
  last: value({
    placeholder: 'N',
    parse: wholeNumber(1),
    help: `the newest N (default ${DEFAULT_LAST}, or all with --since)`,
  }),
  since: value({
    placeholder: 'TIME',
    parse: parseSince,
    help: "only runs that began then or later: '2026-11-21', '2026-11-21 08:30', 7d, 12h",
  }),
  failed: flag({ help: 'only what did not succeed' }),
}

type HistoryOptions = OptionValues<typeof options>

export const history = command({
  name: 'history',
  group: 'Look',
  summary: 'List the runs of jobs, or the steps of one',
  description:
    'What is remembered of runs on this machine: when, how they ended, how long they took, how much they read and how much of ' +
    'that was new. A run whose process was killed is listed as interrupted. The stack file is hikae.yaml here or in ' +
    '/etc/hikae, or that of --config FILE; its history is kept per user, below ~/.local/state/hikae.',
  arguments: [{ name: 'RUN', help: 'the steps of this run: its id, or a beginning of it', completes: 'nothing' }],
  options,
  globals: ['output'],
  examples: [
    ['history', `the newest ${DEFAULT_LAST} runs`],
    ['history --failed --since 7d', 'what went wrong this week'],
    ['history --source databases', 'how one source grows'],
    ['history 20261121T2015', 'the steps of one run'],
    ['history --json --last 1 | jq -r ".[0].outcome"', 'for programs'],
  ],
  async run({ options: given, globals, args }, context) {
    refuseMixture(given, args)
    const { openExistingState, stackStateFolder } = await import('../history/stack-state.ts')
    const folder = await stackStateFolder(globals, context.env)
    await using state = await openExistingState(folder, { clock: Date.now }, context.out)
    if (state === undefined && args[0] === undefined) {
      if (context.out.json) context.out.document([])
      context.out.note(`nothing has run yet: no history is in ${printableText(folder)}`)
      return EXIT.succeeded
    }
    if (state === undefined) {
      throw new UsageError(`there is no run ${printableText(args[0]!)}: nothing has run yet`, {
        hint: `the history would be in ${folder}`,
      })
    }
    if (args[0] !== undefined) await showRun(state, args[0], context)
    else if (given.source !== undefined) await showGrowth(state, given.source, given, context)
    else await showRuns(state, given, context)
    return EXIT.succeeded
  },
})

function refuseMixture({ job, source, last, since, failed }: HistoryOptions, [run]: readonly string[]): void {
  if (run === undefined || ((job ?? source ?? last ?? since) === undefined && !failed)) return
  throw new UsageError('a run is named, so that there is nothing to choose by options', {
    hint: 'leave out either the run or the options',
  })
}

async function showRun(state: State, name: string, { out }: CommandContext): Promise<void> {
  const { runNamed } = await import('../history/choose-run.ts')
  const run = runNamed(state.runs, name)
  if (out.json) return out.document((await import('../history/run-json.ts')).runJson(run, Date.now()))
  const { printRun } = await import('../history/run-view.ts')
  printRun(run, out, Date.now())
}

async function showRuns(state: State, given: HistoryOptions, { out }: CommandContext): Promise<void> {
  const nowMs = Date.now()
  const limit = limitOf(given)
  const found = state.runs.list({
    ...(given.job === undefined ? {} : { job: given.job }),
    ...(given.since === undefined ? {} : { sinceMs: given.since(nowMs) }),
    ...(given.failed ? { outcomes: ['incomplete', 'cancelled', 'interrupted', 'failed'] } : {}),
    // One more, to know whether there are more.
    limit: limit + 1,
  })
  const runs = found.slice(0, limit)
  if (out.json) {
    const { runJson } = await import('../history/run-json.ts')
    return out.document(runs.map((run) => runJson(run, nowMs)))
  }
  if (runs.length === 0) return out.note('no run is like that')
  const { printRuns } = await import('../history/runs-view.ts')
  printRuns(runs, out, nowMs)
  if (found.length > runs.length) out.note('there are older ones: see --last and --since')
}

async function showGrowth(state: State, source: string, given: HistoryOptions, { out }: CommandContext): Promise<void> {
  requireSource(state, source)
  const all = state.runs.growth(source, given.since === undefined ? {} : { sinceMs: given.since(Date.now()) })
  const runs = all
    .filter(({ job }) => given.job === undefined || job === given.job)
    .filter(({ result }) => !given.failed || result.outcome !== 'succeeded')
    .slice(-limitOf(given))
  if (out.json) {
    const { sourceRunJson } = await import('../history/run-json.ts')
    return out.document(runs.map(sourceRunJson))
  }
  if (runs.length === 0) return out.note('no run is like that')
  const { printGrowth } = await import('../history/growth-view.ts')
  printGrowth(source, runs, out)
}

function limitOf({ last, since }: HistoryOptions): number {
  return last ?? (since === undefined ? DEFAULT_LAST : Number.MAX_SAFE_INTEGER - 1)
}

function requireSource(state: State, source: string): void {
  const known = state.runs.sources()
  if (known.includes(source)) return
  const close = nearest(source, known)
  throw new UsageError(`no run has saved a source called ${printableText(source)}`, {
    hint: close === undefined ? `those that were saved: ${known.join(', ') || 'none'}` : `did you mean ${close}?`,
  })
}
