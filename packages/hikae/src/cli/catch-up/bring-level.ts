import type { SnapshotCopy } from '@hikae/engine'
import type { CommandContext } from '../context.ts'
import { COPY_VIEW, printOutcome } from '../copy/outcome.ts'
import { storingOptions } from '../copy/storing.ts'
import { errorMessage } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { withProgress } from '../output/progress.ts'
import { type CatchUpPlan, planCatchUp, type WantedSnapshot } from '../../repositories/catch-up-plan.ts'
import { momentOf } from '../../repositories/moment.ts'
import type { Member } from './member.ts'
import { rememberPending } from './pending.ts'

type Wanted = WantedSnapshot<Member>

export interface PlannedMember {
  readonly target: Member
  readonly siblings: readonly Member[]
  readonly plan: CatchUpPlan<Member>
}

/** What became of one repository. */
export interface LevelReport extends PlannedMember {
  readonly copied: number
  /** Could not be copied, because every repository that was asked for them has damage there. */
  readonly damaged: number
  /** Why it was not brought level to the end. */
  readonly error?: Error
}

/** @param options.withOlder nothing is too old to be wanted */
export function planFor(
  target: Member,
  members: readonly Member[],
  options: { readonly withOlder: boolean },
): PlannedMember {
  const siblings = members.filter((member) => member !== target)
  const pending = options.withOlder
    ? new Set(siblings.flatMap(({ snapshots }) => snapshots.map(momentOf)))
    : target.pending
  return { target, siblings, plan: planCatchUp(target, siblings, pending) }
}

/**
 * Writes down what a repository is to get, so that it is still known when somebody or something ends the work, and a new
 * snapshot makes the rest look like what retention removed.
 */
export async function promise({ target, plan }: PlannedMember, context: CommandContext): Promise<void> {
  const owed = owedTo(target, plan)
  if (without(owed, target.pending).size > 0 || owed.size < target.pending.size) await remember(target, owed, context)
}

/**
 * Copies what is planned, oldest first, so that whatever ends it leaves no gap. What is damaged in one repository is taken
 * from another that has it too. Trouble ends this repository's part and is in the report; only an abort is thrown.
 */
export async function bringLevel(
  planned: PlannedMember,
  globals: GlobalValues,
  context: CommandContext,
): Promise<LevelReport> {
  const { target, siblings, plan } = planned
  const outcomes: SnapshotCopy[] = []
  let failure: { error: Error } | undefined
  try {
    for (const run of runsOf(plan.wanted)) await copyRun(run, target, outcomes, globals, context)
    const damaged = outcomes.filter(({ kind }) => kind === 'damaged')
    for (const run of runsOf(secondSources(damaged, siblings))) await copyRun(run, target, outcomes, globals, context)
  } catch (error) {
    context.signal.throwIfAborted()
    failure = { error: error as Error }
  }
  const held = momentsOf(outcomes.filter(({ kind }) => kind !== 'damaged'))
  const damaged = without(momentsOf(outcomes), held)
  // What is damaged wherever it was looked for is given up, unless something else ended the work.
  const settled = failure ? held : new Set([...held, ...damaged])
  const owed = owedTo(target, plan)
  if (owed.size > 0) await remember(target, without(owed, settled), context)
  return { ...planned, copied: held.size, damaged: damaged.size, ...failure }
}

/** Also what an earlier plan wanted of a repository that cannot be asked now. */
function owedTo({ pending, snapshots }: Member, { wanted }: CatchUpPlan<Member>): Set<string> {
  const held = new Set(snapshots.map(momentOf))
  return new Set([...without(pending, held), ...momentsOf(wanted)])
}

function momentsOf(holders: readonly Pick<Wanted, 'snapshot'>[]): Set<string> {
  return new Set(holders.map(({ snapshot }) => momentOf(snapshot)))
}

function without(moments: ReadonlySet<string>, others: ReadonlySet<string>): Set<string> {
  return new Set([...moments].filter((moment) => !others.has(moment)))
}

function secondSources(damaged: readonly SnapshotCopy[], siblings: readonly Member[]): Wanted[] {
  return damaged.flatMap(({ snapshot: { id, ...lost } }) => {
    const found = siblings
      .flatMap((from) => from.snapshots.map((snapshot) => ({ from, snapshot })))
      .find(({ snapshot }) => snapshot.id !== id && momentOf(snapshot) === momentOf(lost))
    return found === undefined ? [] : [found]
  })
}

/** Neighbours from the same repository are copied together. */
function runsOf(wanted: readonly Wanted[]): Wanted[][] {
  const runs: Wanted[][] = []
  for (const one of wanted) {
    const last = runs.at(-1)
    if (last?.[0]?.from === one.from) last.push(one)
    else runs.push([one])
  }
  return runs
}

/** @param outcomes is added to as soon as one is certain */
async function copyRun(
  run: readonly Wanted[],
  { label: to, session: target }: Member,
  outcomes: SnapshotCopy[],
  globals: GlobalValues,
  { out }: CommandContext,
): Promise<void> {
  const { copySnapshots } = await import('@hikae/engine')
  const { label: from, session: source } = run[0]!.from
  const signal = AbortSignal.any([source.signal, target.signal])
  // What others or an earlier run stored since is not stored once more.
  await Promise.all([source.repository.loadIndex(signal), target.repository.loadIndex(signal)])
  const wanted = run.map(({ snapshot }) => snapshot)
  await withProgress(out, COPY_VIEW, async (progress) =>
    copySnapshots(source.repository, target.repository, wanted, {
      ...storingOptions(globals),
      signal,
      confirmLock: async () => await target.lock?.confirm(),
      onProgress: (state) => progress.update(state),
      onSnapshot: (outcome) => {
        outcomes.push(outcome)
        printOutcome(outcome, out, { from, to })
      },
    }),
  )
}

async function remember({ label, session }: Member, moments: ReadonlySet<string>, { env, out }: CommandContext) {
  try {
    await rememberPending(env, session.repository.config.id, moments)
  } catch (error) {
    out.warn(`what ${label} is to get cannot be remembered: ${errorMessage(error)}`)
  }
}
