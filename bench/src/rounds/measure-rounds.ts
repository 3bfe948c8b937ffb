import { rmSync } from 'node:fs'
import type { DataSet } from '../data/data-set.ts'
import type { Tool } from '../tools/tool.ts'
import { measureFiles } from './files.ts'
import { measureRepository } from './repository.ts'
import { Round, type RoundOptions } from './round.ts'

export interface RoundsOptions extends Omit<RoundOptions, 'number' | 'dataSet' | 'tools'> {
  /** The files to back up, or the repository to work with. */
  readonly source: string
  readonly rounds: number
}

/**
 * Measures all tools with one data set. Tools take turns within a round, and another one begins each round. Tools
 * without a bar against them (borg, tar) are measured in the first round only.
 */
export async function measureRounds(dataSet: DataSet, tools: readonly Tool[], options: RoundsOptions): Promise<void> {
  for (let number = 1; number <= options.rounds; number++) {
    const taking = tools.filter((tool) => number === 1 || tool.name === 'hikae' || tool.name === 'restic')
    const turn = (number - 1) % taking.length
    const inTurn = [...taking.slice(turn), ...taking.slice(0, turn)]
    const round = new Round({ ...options, number, dataSet: dataSet.name, tools: inTurn })
    if (dataSet.kind === 'files') await measureFiles(round, dataSet, options.source)
    else await measureRepository(round, dataSet, options.source)
    for (const tool of inTurn) rmSync(round.repositoryOf(tool), { recursive: true, force: true })
  }
}
