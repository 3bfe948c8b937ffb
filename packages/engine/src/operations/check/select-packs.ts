import { InvalidInputError } from '../../errors.ts'
import type { StoredPack } from './check-packs.ts'

/**
 * Which packs are read: all, the n-th of t equal parts (the same packs each time, so that t checks read everything), or a
 * random choice of a share or an amount.
 */
export type ReadDataSelection =
  | 'all'
  | { readonly part: number; readonly of: number }
  /** Above 0, up to 100. */
  | { readonly percent: number }
  | { readonly bytes: number }

/**
 * @param random at least 0, below 1
 * @throws {InvalidInputError} a part, share or amount that makes no sense
 */
export function selectPacks(
  packs: readonly StoredPack[],
  selection: ReadDataSelection,
  random: () => number,
): readonly StoredPack[] {
  if (selection === 'all') return packs
  if ('part' in selection) return selectPart(packs, selection.part, selection.of)
  if ('percent' in selection) return selectShare(packs, selection.percent, random)
  return selectAmount(packs, selection.bytes, random)
}

function selectPart(packs: readonly StoredPack[], part: number, of: number): StoredPack[] {
  if (!Number.isInteger(part) || !Number.isInteger(of) || part < 1 || part > of || of > 256) {
    throw new InvalidInputError(`part ${part} of ${of} makes no sense`, { hint: 'write n/t with 1 ≤ n ≤ t ≤ 256' })
  }
  return packs.filter(({ id }) => Number.parseInt(id.slice(0, 2), 16) % of === part - 1)
}

function selectShare(packs: readonly StoredPack[], percent: number, random: () => number): readonly StoredPack[] {
  if (!(percent > 0 && percent <= 100)) {
    throw new InvalidInputError(`${percent} % makes no sense`, { hint: 'give a share above 0 % and up to 100 %' })
  }
  return shuffled(packs, random).slice(0, Math.max(1, Math.floor((packs.length * percent) / 100)))
}

function selectAmount(packs: readonly StoredPack[], bytes: number, random: () => number): StoredPack[] {
  if (!(bytes > 0)) throw new InvalidInputError(`${bytes} bytes make no sense`, { hint: 'give an amount above 0' })
  const chosen: StoredPack[] = []
  let sum = 0
  for (const pack of shuffled(packs, random)) {
    if (sum >= bytes) break
    chosen.push(pack)
    sum += pack.size
  }
  return chosen
}

function shuffled(packs: readonly StoredPack[], random: () => number): StoredPack[] {
  const order = [...packs]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  return order
}
