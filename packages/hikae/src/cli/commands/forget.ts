import type { ForgetPlan, ForgetPlanOptions, KeepPolicy, StoredSnapshot } from '@hikae/engine'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { forecastJson, printForecast } from '../forget/forecast-view.ts'
import { planForNamed, planJson, printPlan } from '../forget/plan-view.ts'
import { policyOf, policyOptions } from '../forget/policy-options.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { printFailure } from '../output/failure.ts'
import { formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableMessage } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { describeGroup } from '../output/snapshot-table.ts'
import { hasPruneOption, pruneOptions } from '../prune/prune-options.ts'
import { runPrune } from '../prune/run.ts'
import { openSession, type Session } from '../repository/session.ts'
import { selectSnapshots, snapshotFilter } from '../repository/snapshot-choice.ts'
import { groupByOption } from '../shared-options.ts'
import { parseCalendarDuration } from '../../calendar-duration.ts'

/** `-H` are the hours to keep, as in restic. */
const { short: _, ...hostOption } = snapshotFilterOptions.host

const forgetOptions = {
  ...policyOptions,
  ...snapshotFilterOptions,
  host: hostOption,
  groupBy: groupByOption,
  compact: flag({ short: 'c', help: 'one line per snapshot, without paths' }),
  dryRun: flag({ short: 'n', help: 'only show what would be kept, why, and what would be removed' }),
  simulate: value({
    placeholder: 'TIME',
    parse: parseCalendarDuration,
    help: 'only show what would remain as time goes on, for so long: 90d, 1y',
  }),
  simulateEvery: value({
    placeholder: 'TIME',
    parse: parseCalendarDuration,
    help: 'with --simulate: backups come so often (default: as often as now)',
  }),
  unsafeAllowRemoveAll: flag({ help: 'without a policy, remove everything that --host, --tag and --path let through' }),
  prune: flag({ help: 'free the space as well, if a snapshot was removed' }),
  ...pruneOptions,
}

type ForgetValues = OptionValues<typeof forgetOptions>

export const forget = command({
  name: 'forget',
  group: 'Keep house',
  summary: 'Remove snapshots by a policy, or by name',
  description:
    'The policy is applied to each group of snapshots that have the same host and paths. A snapshot stays when one of the ' +
    'rules wants it; the last good snapshot of a group always stays. A policy that wants nothing of a group is refused, and ' +
    'nothing is removed then. What was removed frees its space with the next prune, or with --prune at once.',
  arguments: [{ name: 'SNAPSHOT', help: 'remove these: ids, beginnings of ids, or latest', variadic: true }],
  options: forgetOptions,
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['forget --keep-daily 7 --keep-weekly 4 --keep-monthly 12 -n', 'see what a policy would do'],
    ['forget --keep-daily 7 --keep-monthly 12 --simulate 1y', 'and what it would leave over a year'],
    ['forget --keep-daily 30 --prune', 'and free the space at once'],
    ['forget 6f80c2e1', 'one snapshot'],
  ],
  async run({ options, globals, args }, context) {
    const policy = policyOf(options)
    const engine = await import('@hikae/engine')
    for (const name of args) refusePart(name)
    checkCombination(options, { isNamed: args.length > 0, hasPolicy: !engine.isEmptyPolicy(policy) })
    // What is wrong with the policy shows before anybody waits for a lock.
    if (args.length === 0) await planFor([], policy, options)
    const onlyLooks = options.dryRun || options.simulate !== undefined
    const lock = onlyLooks ? 'none' : 'exclusive'
    await using session = await openSession(globals, context, { lock, index: 'unloaded' })
    const { snapshots, isComplete } = await selectSnapshots(session, args, options, context.out)
    const exitCode = isComplete ? EXIT.succeeded : EXIT.incomplete
    if (options.simulate !== undefined) {
      await look(snapshots, policy, options, options.simulate, context.out)
      return exitCode
    }
    const plan = args.length > 0 ? planForNamed(snapshots) : await planFor(snapshots, policy, options)
    showPlan(plan, engine.describePolicy(policy), options, context.out)
    const { removed, failed } = await apply(plan, options, session, context)
    const exitCodes: ExitCode[] = [exitCode, failed === 0 ? EXIT.succeeded : EXIT.incomplete]
    if (options.prune && removed.length > 0) {
      const what = options.dryRun ? 'plan' : 'prune'
      const without = new Set(options.dryRun ? removed.map(({ id }) => id) : [])
      exitCodes.push(await runPrune(session, { options, globals, what, without }, context))
    }
    return exitCodes.find((code) => code !== EXIT.succeeded) ?? EXIT.succeeded
  },
})

function checkCombination(
  options: ForgetValues,
  { isNamed, hasPolicy }: { isNamed: boolean; hasPolicy: boolean },
): void {
  const { simulate, simulateEvery, unsafeAllowRemoveAll, dryRun, prune } = options
  if (!prune && hasPruneOption(options)) {
    throw new UsageError('an option of prune is given, but not --prune', { hint: 'add --prune' })
  }
  if (isNamed && (hasPolicy || unsafeAllowRemoveAll || simulate !== undefined)) {
    throw new UsageError('snapshots are named, so there is nothing for a policy to decide', {
      hint: 'name snapshots to remove, or say what to keep, but not both',
    })
  }
  if (simulateEvery !== undefined && simulate === undefined) {
    throw new UsageError('--simulate-every says nothing without --simulate', { hint: 'add --simulate 90d' })
  }
  if (simulate !== undefined && (dryRun || unsafeAllowRemoveAll || prune)) {
    throw new UsageError('--simulate looks ahead with a policy and removes nothing', {
      hint: 'leave out --dry-run, --prune and --unsafe-allow-remove-all',
    })
  }
}

/** `latest:/folder` means a part of a snapshot to other commands. */
function refusePart(name: string): void {
  if (!name.includes(':')) return
  throw new UsageError(`'${name}' is a part of a snapshot, which is forgotten as a whole or not at all`, {
    hint: 'name the snapshot alone, or remove paths from it with `hikae rewrite`',
  })
}

function groupsAndClock(options: ForgetValues): ForgetPlanOptions {
  return {
    now: BigInt(Date.now()) * 1_000_000n,
    filter: snapshotFilter(options),
    ...(options.groupBy ? { groupBy: options.groupBy } : {}),
  }
}

async function planFor(
  snapshots: readonly StoredSnapshot[],
  policy: KeepPolicy,
  options: ForgetValues,
): Promise<ForgetPlan> {
  const { planForget } = await import('@hikae/engine')
  const emptyPolicy = options.unsafeAllowRemoveAll ? 'remove-all' : 'refuse'
  return planForget(snapshots, policy, { ...groupsAndClock(options), emptyPolicy })
}

async function look(
  snapshots: readonly StoredSnapshot[],
  policy: KeepPolicy,
  options: ForgetValues,
  span: NonNullable<ForgetValues['simulate']>,
  out: Output,
): Promise<void> {
  const { formatCalendarDuration, simulateForget } = await import('@hikae/engine')
  const { simulateEvery: every } = options
  const forecast = simulateForget(snapshots, policy, { ...groupsAndClock(options), span, ...(every ? { every } : {}) })
  if (out.json) return out.document(forecastJson(forecast, formatCalendarDuration))
  printForecast(forecast, out, formatCalendarDuration)
  if (forecast.length === 0) out.note('there are no snapshots to look at')
}

/** With `--json` this is all there is to see of a run that goes well, as with restic. */
function showPlan(plan: ForgetPlan, policy: string, options: ForgetValues, out: Output): void {
  for (const group of plan.groups.filter(({ inFuture }) => inFuture > 0)) {
    const count = formatQuantity(group.inFuture, 'snapshot')
    out.warn(`dated in the future: ${count} ${describeGroup(group)}; a clock is or was wrong`)
  }
  if (out.json) return out.document(planJson(plan))
  if (out.quiet) return
  if (policy !== '') out.line(`policy: keep ${printableMessage(policy)}\n`)
  printPlan(plan, out, options)
}

/** @returns what was removed, or would be */
async function apply(
  { groups }: ForgetPlan,
  { dryRun, prune }: ForgetValues,
  { repository, signal, lock }: Session,
  { out }: CommandContext,
): Promise<{ removed: readonly StoredSnapshot[]; failed: number }> {
  // Oldest first: who is interrupted keeps what is newer.
  const doomed = groups.flatMap(({ remove }) => remove.toReversed())
  if (dryRun) {
    out.note(`would remove ${formatQuantity(doomed.length, 'snapshot')}; nothing was changed`)
    return { removed: doomed, failed: 0 }
  }
  const { forgetSnapshots } = await import('@hikae/engine')
  const { removed, failed } = await forgetSnapshots(repository, doomed, {
    signal,
    confirmLock: async () => await lock?.confirm(),
    onRemoved: ({ id }) => out.detail(`removed snapshot ${shortId(id)}`),
  })
  for (const { snapshot, error } of failed) {
    printFailure({ item: snapshot.id, what: `snapshot ${shortId(snapshot.id)}`, error, during: 'forget' }, out)
  }
  const next = removed.length > 0 && !prune ? '; run `hikae prune` to free what only they needed' : ''
  out.note(`removed ${formatQuantity(removed.length, 'snapshot')}${next}`)
  return { removed, failed: failed.length }
}
