import { InvalidInputError } from '../../errors.ts'
import { type PackId, shortId } from '../../ids.ts'
import { isSameEntry, type PackedBlob } from '../../pack/blob.ts'
import { isDamage } from '../../repository/damage.ts'
import { readPackHeader } from '../../repository/pack-header.ts'
import type { Repository } from '../../repository/repository.ts'
import { withoutRepeats } from '../check/check-index.ts'

/** What may be saved of a pack. */
export interface SalvagePlan {
  readonly id: PackId
  /** Bytes of the file. */
  readonly size: number
  /** What the index and the pack's own header say it holds, wherever they agree once. */
  readonly blobs: readonly PackedBlob[]
  /** Why the header cannot be read. */
  readonly headerProblem?: string
  readonly isIndexed: boolean
}

/**
 * Finds out what the packs should hold: the index may know what a damaged header does not, and the other way round.
 *
 * @throws {InvalidInputError} one of them is not there
 */
export async function planSalvage(
  repository: Repository,
  packs: ReadonlySet<PackId>,
  signal: AbortSignal | undefined,
): Promise<SalvagePlan[]> {
  const sizes = new Map<PackId, number>()
  for (const { id, size } of await repository.listIds('pack', signal)) if (packs.has(id)) sizes.set(id, size)
  const absent = [...packs].filter((id) => !sizes.has(id))
  if (absent.length > 0) {
    throw new InvalidInputError(`not in the repository: ${absent.map((id) => `pack ${shortId(id)}`).join(', ')}`, {
      hint: 'run `hikae repair index`: what the index knows of missing packs is dropped then',
    })
  }
  const indexed = new Map<PackId, readonly PackedBlob[]>()
  for (const { id, blobs } of repository.index.packs()) if (packs.has(id)) indexed.set(id, withoutRepeats(blobs))
  const plans: SalvagePlan[] = []
  for (const [id, size] of sizes) plans.push(await planOne(repository, id, size, indexed.get(id), signal))
  return plans
}

async function planOne(
  repository: Repository,
  id: PackId,
  size: number,
  indexed: readonly PackedBlob[] | undefined,
  signal: AbortSignal | undefined,
): Promise<SalvagePlan> {
  const known = indexed ?? []
  const plan = { id, size, isIndexed: indexed !== undefined }
  try {
    const header = await readPackHeader(repository, id, size, signal)
    const more = header.filter((blob) => !known.some((other) => isSameEntry(blob, other)))
    return { ...plan, blobs: [...known, ...more] }
  } catch (error) {
    if (!isDamage(error)) throw error
    return { ...plan, blobs: known, headerProblem: error.message }
  }
}
