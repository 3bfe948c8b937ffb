import { InvalidInputError, KnownError } from '../../errors.ts'
import { zoneOffset } from '../../json/local-zone.ts'
import {
  type GroupingKey,
  groupSnapshots,
  matchesFilter,
  type SnapshotFilter,
  type SnapshotGroup,
} from '../../snapshot/select.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { type Candidate, type Clock, decide } from './decide.ts'
import { momentOf, type ZoneRule } from './moment.ts'
import { checkPolicy, describePolicy, isEmptyPolicy, type KeepPolicy } from './policy.ts'
import { protectedSnapshots } from './protect.ts'

export interface ForgetPlanOptions {
  /** The time by which a snapshot is dated in the future; nanoseconds since the epoch. */
  readonly now: bigint
  /** Only these snapshots; the others are as if they were not there. */
  readonly filter?: SnapshotFilter
  /** What the policy is applied to, each on its own; by default what has the same host and paths. */
  readonly groupBy?: readonly GroupingKey[]
  /**
   * What a policy without any rule means: a mistake, by default, or that nothing of what the filter lets through is to
   * stay. The latter needs a filter, and is no policy: the last good snapshot goes too.
   */
  readonly emptyPolicy?: 'refuse' | 'remove-all'
  /** Whose calendar counts for durations; by default that of this process. */
  readonly zone?: ZoneRule
}

export interface KeptSnapshot {
  readonly snapshot: StoredSnapshot
  /** In restic's words, at least one. */
  readonly reasons: readonly string[]
}

/** What the snapshots of a group have in common. */
export type GroupKey = Omit<SnapshotGroup, 'snapshots'>

export interface ForgetGroup extends GroupKey {
  /** Newest first. */
  readonly keep: readonly KeptSnapshot[]
  /** Newest first. */
  readonly remove: readonly StoredSnapshot[]
  /** How many are dated in the future. */
  readonly inFuture: number
}

/** What a policy makes of snapshots; a value to print, to test and to carry out with `forgetSnapshots`. */
export interface ForgetPlan {
  readonly groups: readonly ForgetGroup[]
}

/**
 * Decides which snapshots a policy keeps, group by group (§18). Pure: reads and changes nothing else. Two things differ
 * from restic: the last good snapshot of a group always stays, and nothing is planned when one group has a mistake.
 *
 * @throws {InvalidInputError} the policy is empty, or has numbers that make no sense
 * @throws {NothingKeptError} no rule wants any snapshot of a group: most likely not what was meant
 */
export function planForget(
  snapshots: readonly StoredSnapshot[],
  policy: KeepPolicy,
  options: ForgetPlanOptions,
): ForgetPlan {
  checkPolicy(policy)
  const { now, filter = {}, zone = zoneOffset } = options
  const removesAll = isEmptyPolicy(policy)
  if (removesAll) refuseUnlessMeant(options)
  const matching = snapshots.filter((snapshot) => matchesFilter(snapshot, filter))
  const lost: GroupKey[] = []
  const groups = groupSnapshots(matching, options.groupBy).map(({ snapshots: members, ...key }): ForgetGroup => {
    const candidates = members.map((snapshot): Candidate => ({ snapshot, moment: momentOf(snapshot.time) }))
    const inFuture = candidates.filter(({ moment }) => moment.ns > now).length
    if (removesAll) return { ...key, keep: [], remove: members, inFuture }
    const { keep, remove, wanted } = divide(candidates, policy, { now, zone })
    if (wanted === 0) lost.push(key)
    return { ...key, keep, remove, inFuture }
  })
  if (lost.length > 0) throw new NothingKeptError(policy, lost)
  return { groups }
}

interface DividedGroup extends Pick<ForgetGroup, 'keep' | 'remove'> {
  /** How many the policy itself keeps; others stay because they are protected. */
  readonly wanted: number
}

/** @param candidates the whole group, newest first */
export function divide(candidates: readonly Candidate[], policy: KeepPolicy, clock: Clock): DividedGroup {
  const decisions = decide(candidates, policy, clock)
  const safe = protectedSnapshots(candidates, clock.now)
  const keep: KeptSnapshot[] = []
  const remove: StoredSnapshot[] = []
  let wanted = 0
  decisions.forEach((reasons, position) => {
    const candidate = candidates[position]!
    const { snapshot } = candidate
    if (reasons.length > 0) {
      wanted++
      keep.push({ snapshot, reasons })
      return
    }
    const protection = safe.get(candidate)
    if (protection === undefined) remove.push(snapshot)
    else keep.push({ snapshot, reasons: [protection] })
  })
  return { keep, remove, wanted }
}

function refuseUnlessMeant({ emptyPolicy = 'refuse', filter = {} }: ForgetPlanOptions): void {
  if (emptyPolicy === 'refuse') {
    throw new InvalidInputError('the policy is empty, so nothing would be kept', {
      hint: 'say what to keep, as in --keep-daily 7 --keep-weekly 4 --keep-monthly 12',
    })
  }
  if (Object.values(filter).every((conditions) => conditions.length === 0)) {
    throw new InvalidInputError('all snapshots of the repository would be removed', {
      hint: 'say which ones are meant with --host, --tag or --path',
    })
  }
}

/** The rules of a policy keep no snapshot at all of some group. */
export class NothingKeptError extends KnownError {
  override readonly name = 'NothingKeptError'
  readonly code = 'NOTHING_KEPT'
  readonly groups: readonly GroupKey[]

  constructor(policy: KeepPolicy, groups: readonly GroupKey[]) {
    const names = groups.slice(0, GROUPS_NAMED).map(describeGroup)
    const more = groups.length > names.length ? ` and of ${groups.length - names.length} more groups` : ''
    super(`the policy (${describePolicy(policy)}) keeps no snapshot ${names.join(', ')}${more}`, {
      hint: 'nothing was removed; add a rule that keeps something of each group, such as --keep-last 1, or leave groups out with --host, --tag or --path',
    })
    this.groups = groups
  }
}

const GROUPS_NAMED = 3

function describeGroup({ hostname, paths, tags }: GroupKey): string {
  const parts = [
    ...(hostname === undefined ? [] : [`host ${hostname}`]),
    ...(paths === undefined ? [] : [`paths ${paths.join(' ')}`]),
    ...(tags === undefined ? [] : [`tags ${tags.join(' ') || '(none)'}`]),
  ]
  return parts.length === 0 ? 'of all' : `of ${parts.join(', ')}`
}
