import { differenceBetween, pathsIn } from './listing.ts'
import type { Round } from './round.ts'

/** What was measured is not what was meant: the tools did different work. */
export class UnequalWorkError extends Error {
  override readonly name = 'UnequalWorkError'
}

/** All snapshots of each tool's repository into a new one that cuts content alike; the first round proves its data. */
export async function measureCopy(round: Round): Promise<void> {
  for (const { tool, upkeep, repository } of await round.upkeepers()) {
    const copy = await round.newPlace(`${tool.name}-copy`)
    await round.run(upkeep.initializeLike(copy, repository))
    await round.measure('copy', tool, upkeep.copy(repository, copy))
    if (round.isFirst && tool.check) await round.run(tool.check(copy))
    round.remove(copy)
  }
}

/**
 * After snapshots were forgotten.
 *
 * @throws {UnequalWorkError} in the first round, when the pruned repositories do not hold the same files
 */
export async function measurePrune(round: Round): Promise<void> {
  for (const { tool, upkeep, repository } of await round.upkeepers()) {
    await round.measure('prune', tool, upkeep.prune(repository))
    await round.recordSize(tool, 'prune')
  }
  if (round.isFirst) await proveEqual(round)
}

async function proveEqual(round: Round): Promise<void> {
  const listings: { name: string; paths: string[] }[] = []
  for (const { tool, upkeep, repository } of await round.upkeepers()) {
    await round.run(upkeep.checkStructure(repository))
    listings.push({ name: tool.name, paths: pathsIn(await round.run(upkeep.listFiles(repository))) })
  }
  const [first, ...others] = listings
  for (const { name, paths } of others) {
    const difference = differenceBetween(first!.paths, paths)
    if (difference !== undefined) {
      throw new UnequalWorkError(`after prune, ${first!.name} and ${name} hold different files: ${difference}`)
    }
  }
}
