import type { SnapshotId, StoredSnapshot } from '@hikae/engine'
import { InputError } from '../../errors.ts'
import { INCOMPLETE_TAG } from '../../points/read-source.ts'
import { openPoint, type SnapshotPoint } from '../../points/snapshot-point.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { chooseRepositories, labelOf } from '../repository/choose.ts'
import { openAll, type OpenedRepository } from '../repository/open-all.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'

export interface PointChoice {
  readonly stack: string
  readonly source: string
  /** Any by default. */
  readonly kind?: string
  /** Id of a snapshot or its beginning, a run, or the newest that is not later than a time; the newest by default. */
  readonly at?: { readonly id: string } | { readonly timeNs: bigint }
}

export interface FoundPoint {
  readonly point: SnapshotPoint
  readonly snapshot: StoredSnapshot
  /** Where it was found. */
  readonly repository: string
}

/**
 * The point of a source that is asked for, from whichever repository has it; of the newest, good ones go before those
 * from which something is missing.
 *
 * @param owned gets the repositories that are opened
 * @throws {InputError} no repository has it
 */
export async function findPoint(
  choice: PointChoice,
  globals: GlobalValues,
  context: CommandContext,
  owned: AsyncDisposableStack,
): Promise<FoundPoint> {
  const { found, opened, failed } = await lookForPoint(choice, globals, context, owned)
  if (!found) throw notFound(choice, { opened, failed })
  if (rank(found.snapshot) === 0) {
    context.out.warn(`something is missing from the only point there is, of ${found.snapshot.time}`)
  }
  context.out.detail(`found in ${printableText(found.repository)}`)
  return found
}

interface LookForPoint {
  readonly found?: FoundPoint
  /** How many repositories could be opened, and could not. */
  readonly opened: number
  readonly failed: number
}

/** The same; it may be that there is none. */
export async function lookForPoint(
  choice: PointChoice,
  globals: GlobalValues,
  context: CommandContext,
  owned: AsyncDisposableStack,
): Promise<LookForPoint> {
  const held = await openHeld(globals, context, owned)
  const counts = { opened: held.opened, failed: held.failed }
  const best = bestOf(held, choice)
  if (!best) return counts
  return { ...counts, found: { ...best, point: await best.open(context.signal) } }
}

/** What the repositories hold in which points are looked for. */
export interface HeldPoints {
  readonly snapshots: readonly { readonly snapshot: StoredSnapshot; readonly from: OpenedRepository }[]
  /** How many repositories could be opened, and could not. */
  readonly opened: number
  readonly failed: number
}

/**
 * Opens the repositories, and lists their snapshots. What cannot be opened or read is told of.
 *
 * @param owned gets them
 * @throws why the first cannot be opened, when none can
 */
export async function openHeld(
  globals: GlobalValues,
  context: CommandContext,
  owned: AsyncDisposableStack,
): Promise<HeldPoints> {
  const chosen = await chooseRepositories(globals, context)
  const access = { lock: 'shared', readOnly: true } as const
  const { opened, failed } = await openAll(chosen, globals, context, () => access, owned)
  const [first, ...others] = failed
  const told = opened.length === 0 ? others : failed
  for (const { chosen: absent, error } of told) context.out.warn(`${labelOf(absent)}: ${error.message}`)
  if (opened.length === 0 && first) throw first.error
  const snapshots: HeldPoints['snapshots'][number][] = []
  for (const from of opened) {
    const label = printableText(labelOf(from.chosen))
    const onUnreadable = (id: SnapshotId): void =>
      context.out.warn(`snapshot ${shortId(id)} of ${label} cannot be read: run \`hikae check\` on it`)
    const found = await from.session.repository.snapshots(context.signal, onUnreadable)
    snapshots.push(...found.map((snapshot) => ({ snapshot, from })))
  }
  return { snapshots, opened: opened.length, failed: failed.length }
}

/** A point that is not opened yet. */
export interface BestPoint extends Omit<FoundPoint, 'point'> {
  /** Something was missing when it was made: there is no better one. */
  readonly isIncomplete: boolean
  /** @throws it cannot be read, or nobody but another program understands it */
  readonly open: (signal: AbortSignal) => Promise<SnapshotPoint>
}

/** The newest that was asked for; good ones go before those from which something is missing. */
export function bestOf({ snapshots }: HeldPoints, choice: PointChoice): BestPoint | undefined {
  const [best] = snapshots
    .filter(({ snapshot }) => fits(snapshot, choice))
    .toSorted((one, two) => rank(two.snapshot) - rank(one.snapshot) || timeOf(two) - timeOf(one))
  if (!best) return undefined
  const { snapshot, from } = best
  return {
    snapshot,
    repository: labelOf(from.chosen),
    isIncomplete: rank(snapshot) === 0,
    open: (signal) => openPoint(from.session.repository, snapshot, signal),
  }
}

function fits({ id, tags = [], time }: StoredSnapshot, { stack, source, kind, at }: PointChoice): boolean {
  const wanted = [`stack=${stack}`, `source=${source}`, ...(kind === undefined ? [] : [`kind=${kind}`])]
  if (!wanted.every((tag) => tags.includes(tag))) return false
  if (at === undefined) return true
  if ('id' in at) return id.startsWith(at.id) || tags.includes(`run=${at.id}`)
  return Date.parse(time) <= Number(at.timeNs / 1_000_000n)
}

function rank({ tags = [] }: StoredSnapshot): number {
  return tags.includes(INCOMPLETE_TAG) ? 0 : 1
}

function timeOf({ snapshot }: { readonly snapshot: StoredSnapshot }): number {
  return Date.parse(snapshot.time)
}

/** That no repository has it, and what to do. */
export function notFound(
  { source, at }: PointChoice,
  { opened, failed }: Pick<HeldPoints, 'opened' | 'failed'>,
): InputError {
  const which = at === undefined ? 'snapshot' : 'such snapshot'
  const where = `${opened === 1 ? 'the repository' : `any of the ${opened} repositories`} that could be opened`
  return new InputError(`there is no ${which} of the source ${source} in ${where}`, {
    hint:
      failed > 0
        ? 'open the others too: see the warnings above'
        : 'see what there is with `hikae snapshots --tag source=NAME`, and make one with `hikae backup`',
  })
}
