import type { StoredSnapshot } from '@hikae/engine'
import { InputError } from '../../errors.ts'
import { INCOMPLETE_TAG } from '../../points/read-source.ts'
import { openPoint, type SnapshotPoint } from '../../points/snapshot-point.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { chooseRepositories, labelOf } from '../repository/choose.ts'
import { openAll, type OpenedRepository } from '../repository/open-all.ts'
import { printableText } from '../output/printable.ts'

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
  if (!found) throw notFound(choice, opened, failed)
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
  const chosen = await chooseRepositories(globals, context)
  const access = { lock: 'shared', readOnly: true } as const
  const { opened, failed } = await openAll(chosen, globals, context, () => access, owned)
  for (const { chosen: absent, error } of failed) context.out.warn(`${labelOf(absent)}: ${error.message}`)
  const held: { snapshot: StoredSnapshot; from: OpenedRepository }[] = []
  for (const from of opened) {
    const snapshots = await from.session.repository.snapshots(context.signal)
    held.push(...snapshots.filter((snapshot) => fits(snapshot, choice)).map((snapshot) => ({ snapshot, from })))
  }
  const best = held.toSorted((one, two) => rank(two.snapshot) - rank(one.snapshot) || timeOf(two) - timeOf(one))[0]
  const counts = { opened: opened.length, failed: failed.length }
  if (!best) return counts
  const point = await openPoint(best.from.session.repository, best.snapshot, context.signal)
  return { ...counts, found: { point, snapshot: best.snapshot, repository: labelOf(best.from.chosen) } }
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

function notFound({ source, at }: PointChoice, opened: number, failed: number): InputError {
  const which = at === undefined ? 'snapshot' : 'such snapshot'
  const where = `${opened === 1 ? 'the repository' : `any of the ${opened} repositories`} that could be opened`
  return new InputError(`there is no ${which} of the source ${source} in ${where}`, {
    hint:
      failed > 0
        ? 'open the others too: see the warnings above'
        : 'see what there is with `hikae snapshots --tag source=NAME`, and make one with `hikae backup`',
  })
}
