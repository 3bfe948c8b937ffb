import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DataSet } from '../data/data-set.ts'
import { openServer, type Server } from '../places/server.ts'
import type { Tool } from '../tools/tool.ts'
import { measureFiles } from './files.ts'
import { measureRepository } from './repository.ts'
import { Round } from './round.ts'
import type { RoundsOptions } from './rounds-options.ts'
import { inTurn } from './turns.ts'
import { measureVolumeRounds } from './volume-rounds.ts'

/**
 * Measures all tools with one data set. Tools take turns within a round, and another one begins each round. Tools
 * without a bar against them (borg, tar) are measured in the first round only.
 */
export async function measureRounds(dataSet: DataSet, tools: readonly Tool[], options: RoundsOptions): Promise<void> {
  if (dataSet.kind === 'volume') return await measureVolumeRounds(dataSet, tools, options)
  const kind = dataSet.kind === 'files' ? dataSet.server : undefined
  const able = tools.filter(({ speaksToServers }) => kind === undefined || speaksToServers)
  const directory = join(options.directory, 'server')
  mkdirSync(directory)
  await using server = kind === undefined ? undefined : await openServer(kind, directory)
  for (let number = 1; number <= options.rounds; number++) {
    const taking = able.filter((tool) => number === 1 || tool.name === 'hikae' || tool.name === 'restic')
    const round = new Round({
      ...options,
      number,
      dataSet: dataSet.name,
      tools: inTurn(taking, number),
      ...withServer(server),
    })
    if (dataSet.kind === 'files') await measureFiles(round, dataSet, options.source)
    else await measureRepository(round, dataSet, options.source)
    round.end()
  }
}

function withServer(server: Server | undefined): { server?: Server } {
  return server === undefined ? {} : { server }
}
