import { mkdirSync, rmSync } from 'node:fs'
import type { FileSet } from '../data/data-set.ts'
import type { Tool } from '../tools/tool.ts'
import type { Round } from './round.ts'
import { measureCopy, measurePrune } from './upkeep.ts'

/** Commands of a few hundredths of a second are run this often in a round. */
const smallCommandRuns = 3

/** From the first backup of the files in `source` to what a repository needs years later. */
export async function measureFiles(round: Round, dataSet: FileSet, source: string): Promise<void> {
  for (const tool of round.tools) {
    const repository = await round.repositoryOf(tool)
    if (tool.initialize) await round.run(tool.initialize(repository))
    await round.measure('backup', tool, tool.backUp(repository, source))
    await round.recordSize(tool, 'backup')
  }
  if (dataSet.work.includes('both')) {
    for (const tool of round.tools) await measureBoth(round, tool, source)
  }
  if (dataSet.work.includes('unchanged')) {
    // A tool that keeps nothing would only make the same backup again.
    for (const tool of round.tools.filter(({ name }) => name !== 'tar')) {
      await round.measure('unchanged', tool, tool.backUp(await round.repositoryOf(tool), source))
    }
  }
  if (dataSet.work.includes('small-commands')) await measureSmallCommands(round)
  if (dataSet.work.includes('restore')) {
    for (const tool of round.tools) await measureRestore(round, tool, dataSet, source)
  }
  if (dataSet.work.includes('check')) {
    for (const tool of round.tools) {
      if (tool.check) await round.measure('check', tool, tool.check(await round.repositoryOf(tool)))
    }
  }
  if (dataSet.work.includes('copy')) await measureCopy(round)
  if (dataSet.pruneWithout !== undefined) {
    for (const { upkeep, repository } of await round.upkeepers()) {
      await round.run(upkeep.backUpWithout(repository, source, dataSet.pruneWithout))
      await round.run(upkeep.forgetAllButLast(repository))
    }
    await measurePrune(round)
  }
}

async function measureBoth(round: Round, tool: Tool, source: string): Promise<void> {
  if (!tool.both) return
  const repositories = [await round.newPlace('first-repository'), await round.newPlace('second-repository')] as const
  await round.run(tool.both.initialize(repositories))
  await round.measure('both', tool, tool.both.backUp(repositories, source))
  for (const repository of repositories) round.remove(repository)
}

async function measureSmallCommands(round: Round): Promise<void> {
  for (let repeat = 0; repeat < smallCommandRuns; repeat++) {
    for (const tool of round.tools) {
      if (tool.printVersion) await round.measure('version', tool, tool.printVersion())
      if (tool.listSnapshots) await round.measure('snapshots', tool, tool.listSnapshots(await round.repositoryOf(tool)))
    }
  }
}

async function measureRestore(round: Round, tool: Tool, { isSparse }: FileSet, source: string): Promise<void> {
  const target = round.path('restored')
  const repository = await round.repositoryOf(tool)
  const command = isSparse ? tool.restoreSparse?.(repository, target) : tool.restore(repository, target)
  if (!command) return
  mkdirSync(target)
  await round.measure('restore', tool, command)
  // A fast restore of something else would be worthless.
  if (round.isFirst) {
    await round.run({ file: 'diff', args: ['-rq', '--no-dereference', source, tool.restoredAt(target, source)] })
  }
  rmSync(target, { recursive: true })
}
