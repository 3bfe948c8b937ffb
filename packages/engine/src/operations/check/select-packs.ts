import { InvalidInputError } from '../../errors.ts'
import type { PackId } from '../../ids.ts'
import type { StoredPack } from './check-packs.ts'

/** When each pack was last read and found whole: epoch milliseconds, the time at which that check began. */
export type ReadTimes = Pick<Map<PackId, number>, 'get' | 'set' | 'delete' | 'keys'>

/**
 * Which packs are read: all, the n-th of t equal parts (the same packs each time, so that t checks read everything), or a
 * random choice of a share or an amount, or the next ones of a round.
 */
export type ReadDataSelection =
  | 'all'
  | { readonly part: number; readonly of: number }
  /** Above 0, up to 100. */
  | { readonly percent: number }
  | { readonly bytes: number }
  /** Those that were not read for longest, so many that regular checks read everything at least once in that time. */
  | { readonly withinMs: number }
  | ReadRound

/**
 * The next packs by their ids, in a circle: checks of which each goes on where the last one ended read everything, whatever
 * is added meanwhile. A share is one of the bytes: with 5 %, everything is read in 20 checks.
 */
export interface ReadRound {
  readonly round: { readonly percent: number } | { readonly bytes: number }
  /** Where the last check ended; from the first pack on when absent. */
  readonly after?: PackId | undefined
}

export interface SelectionContext {
  /** At least 0, below 1. */
  readonly random: () => number
  readonly nowMs: number
  readonly readTimes: Pick<ReadTimes, 'get'>
}

/**
 * @throws {InvalidInputError} a part, share or amount that makes no sense
 */
export function selectPacks(
  packs: readonly StoredPack[],
  selection: ReadDataSelection,
  context: SelectionContext,
): readonly StoredPack[] {
  if (selection === 'all') return packs
  if ('part' in selection) return selectPart(packs, selection.part, selection.of)
  if ('percent' in selection) return selectShare(packs, selection.percent, context.random)
  if ('bytes' in selection) return selectAmount(packs, selection.bytes, context.random)
  if ('round' in selection) return selectNext(packs, selection)
  return selectOverdue(packs, selection.withinMs, context)
}

function selectPart(packs: readonly StoredPack[], part: number, of: number): StoredPack[] {
  if (!Number.isInteger(part) || !Number.isInteger(of) || part < 1 || part > of || of > 256) {
    throw new InvalidInputError(`part ${part} of ${of} makes no sense`, { hint: 'write n/t with 1 ≤ n ≤ t ≤ 256' })
  }
  return packs.filter(({ id }) => Number.parseInt(id.slice(0, 2), 16) % of === part - 1)
}

function selectShare(packs: readonly StoredPack[], percent: number, random: () => number): readonly StoredPack[] {
  requireShare(percent)
  return shuffled(packs, random).slice(0, Math.max(1, Math.floor((packs.length * percent) / 100)))
}

function selectAmount(packs: readonly StoredPack[], bytes: number, random: () => number): StoredPack[] {
  requireAmount(bytes)
  return firstOf(shuffled(packs, random), bytes)
}

function selectNext(packs: readonly StoredPack[], { round, after }: ReadRound): StoredPack[] {
  const inOrder = packs.toSorted((a, b) => compare(a.id, b.id))
  const next = after === undefined ? 0 : inOrder.findIndex(({ id }) => id > after)
  // After the last one comes the first.
  const circle = next <= 0 ? inOrder : [...inOrder.slice(next), ...inOrder.slice(0, next)]
  if ('percent' in round) {
    requireShare(round.percent)
    const total = packs.reduce((sum, { size }) => sum + size, 0)
    return round.percent === 100 ? circle : firstOf(circle, (total * round.percent) / 100)
  }
  requireAmount(round.bytes)
  return firstOf(circle, round.bytes)
}

/** So many that they make up an amount, or all. */
function firstOf(packs: readonly StoredPack[], bytes: number): StoredPack[] {
  const chosen: StoredPack[] = []
  let sum = 0
  for (const pack of packs) {
    if (sum >= bytes) break
    chosen.push(pack)
    sum += pack.size
  }
  return chosen
}

function requireShare(percent: number): void {
  if (percent > 0 && percent <= 100) return
  throw new InvalidInputError(`${percent} % makes no sense`, { hint: 'give a share above 0 % and up to 100 %' })
}

function requireAmount(bytes: number): void {
  if (bytes > 0) return
  throw new InvalidInputError(`${bytes} bytes make no sense`, { hint: 'give an amount above 0' })
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Packs that were never read come first. All that would be overdue before the next check are read, when that comes after
 * as long a time as passed since the last one, and in any case a share of the whole, so that checks stay about equally long.
 */
function selectOverdue(packs: readonly StoredPack[], withinMs: number, context: SelectionContext): StoredPack[] {
  if (!(withinMs > 0)) throw new InvalidInputError(`${withinMs} ms make no sense`, { hint: 'give a time above 0' })
  const { nowMs } = context
  const times = new Map(packs.map(({ id }) => [id, readTime(id, context)]))
  const known = [...times.values()].filter((time) => time !== undefined)
  const latest = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const earliest = known.reduce((a, b) => Math.min(a, b), nowMs)
  // Nobody knows yet how often checks will run: every day is a good habit.
  const sinceLastMs = known.length === 0 ? DAY_MS : nowMs - latest
  const dueBefore = nowMs - withinMs + sinceLastMs
  const share = Math.min(1, sinceLastMs / withinMs) * packs.reduce((sum, { size }) => sum + size, 0)

  const timeOf = ({ id }: StoredPack): number => times.get(id) ?? Number.NEGATIVE_INFINITY
  const inOrder = packs.toSorted((a, b) => compare(timeOf(a), timeOf(b)) || compare(a.id, b.id))
  const chosen: StoredPack[] = []
  let bytes = 0
  for (const pack of inOrder) {
    const isDue = (times.get(pack.id) ?? earliest) < dueBefore
    if (!isDue && bytes >= share && chosen.length > 0) break
    chosen.push(pack)
    bytes += pack.size
  }
  return chosen
}

/** A time in the future is one of a clock that was wrong: it proves nothing. */
function readTime(id: PackId, { readTimes, nowMs }: SelectionContext): number | undefined {
  const time = readTimes.get(id)
  return time === undefined || time > nowMs ? undefined : time
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What is known of the packs of a repository from this check and those before it. */
export interface ReadProof {
  readonly packs: number
  readonly bytes: number
  /** Read and found whole within the time asked for. */
  readonly provenPacks: number
  readonly provenBytes: number
  readonly neverReadPacks: number
  /** When the pack was read that was not read for longest: epoch milliseconds; absent when none was ever read. */
  readonly oldestReadAtMs?: number
}

export function proofOf(packs: readonly StoredPack[], withinMs: number, context: SelectionContext): ReadProof {
  let [bytes, provenPacks, provenBytes, neverReadPacks] = [0, 0, 0, 0]
  let oldest = Number.POSITIVE_INFINITY
  for (const { id, size } of packs) {
    bytes += size
    const time = readTime(id, context)
    if (time === undefined) {
      neverReadPacks++
      continue
    }
    oldest = Math.min(oldest, time)
    if (context.nowMs - time > withinMs) continue
    provenPacks++
    provenBytes += size
  }
  const oldestRead = oldest === Number.POSITIVE_INFINITY ? {} : { oldestReadAtMs: oldest }
  return { packs: packs.length, bytes, provenPacks, provenBytes, neverReadPacks, ...oldestRead }
}

function shuffled(packs: readonly StoredPack[], random: () => number): StoredPack[] {
  const order = [...packs]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  return order
}
