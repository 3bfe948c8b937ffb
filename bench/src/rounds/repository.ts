import type { RepositorySet } from '../data/data-set.ts'
import type { Round } from './round.ts'
import { measureCopy, measurePrune } from './upkeep.ts'

/** Looks into a repository, checks, copies and prunes it; each tool gets a copy of `original`. */
export async function measureRepository(round: Round, dataSet: RepositorySet, original: string): Promise<void> {
  const taking = await round.upkeepers()
  for (const { tool, repository } of taking) {
    await round.run({ file: 'cp', args: ['-rT', original, repository.address] })
    await round.recordSize(tool, 'backup')
  }
  for (const { tool, repository } of taking) {
    if (tool.listSnapshots) await round.measure('snapshots', tool, tool.listSnapshots(repository))
  }
  for (const { tool, upkeep, repository } of taking) await round.measure('stats', tool, upkeep.stats(repository))
  for (const { tool, upkeep, repository } of taking) {
    await round.measure('find', tool, upkeep.find(repository, dataSet.wantedName))
  }
  for (const { tool, upkeep, repository } of taking) {
    await round.measure('structure', tool, upkeep.checkStructure(repository))
  }
  for (const { tool, repository } of taking) {
    if (tool.check) await round.measure('check', tool, tool.check(repository))
  }
  await measureCopy(round)
  for (const { tool, upkeep, repository } of taking) {
    await round.measure('forget', tool, upkeep.forgetAllButLast(repository))
  }
  await measurePrune(round)
}
