import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { measure, output, type Command } from './command.ts'
import type { DataSet } from './data/data-set.ts'
import type { RepositorySize, Sample, Work } from './samples.ts'
import type { Tool } from './tools/tool.ts'

export interface RoundsOptions {
  /** An existing directory for repositories and restored files. */
  directory: string
  source: string
  rounds: number
  signal: AbortSignal
  onSample(sample: Sample): void
  onSize(size: RepositorySize): void
}

/** Commands of a few hundredths of a second are run this often in a round. */
const smallCommandRuns = 3

/**
 * Measures all tools with one data set. Tools take turns within a round, and another one begins each round. Tools
 * without a bar against them (borg, tar) are measured in the first round only.
 */
export async function measureRounds(dataSet: DataSet, tools: readonly Tool[], options: RoundsOptions): Promise<void> {
  for (let round = 1; round <= options.rounds; round++) {
    const taking = tools.filter((tool) => round === 1 || tool.name === 'hikae' || tool.name === 'restic')
    const turn = (round - 1) % taking.length
    await measureRound(dataSet, [...taking.slice(turn), ...taking.slice(0, turn)], round, options)
  }
}

async function measureRound(
  dataSet: DataSet,
  tools: readonly Tool[],
  round: number,
  options: RoundsOptions,
): Promise<void> {
  const { source, signal } = options
  const repositoryOf = (tool: Tool): string => join(options.directory, `${tool.name}-repository`)
  const run = async (work: Work, tool: Tool, command: Command): Promise<void> => {
    await output({ file: 'sync', args: [] }, signal)
    options.onSample({ work, tool: tool.name, round, ...(await measure(command, signal)) })
  }

  for (const tool of tools) {
    const repository = repositoryOf(tool)
    await createRepository(tool, repository, signal)
    await run(`backup ${dataSet.name}`, tool, tool.backUp(repository, source))
    options.onSize({ dataSet: dataSet.name, tool: tool.name, round, bytes: sizeOf(repository) })
  }
  if (dataSet.work.includes('both')) {
    for (const tool of tools) await measureBoth(dataSet, tool, options, run)
  }
  if (dataSet.work.includes('unchanged')) {
    // A tool that keeps nothing would only make the same backup again.
    for (const tool of tools.filter(({ name }) => name !== 'tar')) {
      await run(`unchanged ${dataSet.name}`, tool, tool.backUp(repositoryOf(tool), source))
    }
  }
  if (dataSet.work.includes('small-commands')) {
    for (let repeat = 0; repeat < smallCommandRuns; repeat++) {
      for (const tool of tools) {
        if (tool.printVersion) await run('version', tool, tool.printVersion())
        if (tool.listSnapshots) await run('snapshots', tool, tool.listSnapshots(repositoryOf(tool)))
      }
    }
  }
  if (dataSet.work.includes('restore')) {
    for (const tool of tools) {
      const target = join(options.directory, 'restored')
      mkdirSync(target)
      await run(`restore ${dataSet.name}`, tool, tool.restore(repositoryOf(tool), target))
      if (round === 1) await compare(source, tool.restoredAt(target, source), signal)
      rmSync(target, { recursive: true })
    }
  }
  if (dataSet.work.includes('check')) {
    for (const tool of tools) {
      if (tool.check) await run(`check ${dataSet.name}`, tool, tool.check(repositoryOf(tool)))
    }
  }
  for (const tool of tools) rmSync(repositoryOf(tool), { recursive: true })
}

async function measureBoth(
  dataSet: DataSet,
  tool: Tool,
  { directory, source, signal }: RoundsOptions,
  run: (work: Work, tool: Tool, command: Command) => Promise<void>,
): Promise<void> {
  if (!tool.both) return
  const repositories = [join(directory, 'first-repository'), join(directory, 'second-repository')] as const
  await output(tool.both.initialize(repositories), signal)
  await run(`both ${dataSet.name}`, tool, tool.both.backUp(repositories, source))
  for (const repository of repositories) rmSync(repository, { recursive: true })
}

async function createRepository(tool: Tool, repository: string, signal: AbortSignal): Promise<void> {
  mkdirSync(repository)
  if (tool.initialize) await output(tool.initialize(repository), signal)
}

/** A fast restore of something else would be worthless. Throws when a byte or a name differs. */
async function compare(source: string, restored: string, signal: AbortSignal): Promise<void> {
  await output({ file: 'diff', args: ['-rq', '--no-dereference', source, restored] }, signal)
}

function sizeOf(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0)
}
