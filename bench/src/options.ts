import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { dataSetNames } from './data/data-sets.ts'
import type { DataSetName } from './data/data-set.ts'
import { sections } from './data/sections.ts'
import { toolNames } from './tools/tools.ts'
import type { ToolName } from './tools/tool.ts'

const [usual, huge, remote, volume] = [sections.usual, sections.huge, sections.remote, sections.volume].map((names) =>
  names.join(','),
)

export const usage = `Measures hikae beside restic, borg and tar with the same data in the same run.

  script/bench [--only ${usual}] [--tools ${toolNames.join(',')}] [--rounds 3] [--scale 1]
               [--dir DIRECTORY] [--json FILE] [--update-docs]

  --only NAMES     data sets: ${usual} (default), the huge ones, ${huge}, on servers, ${remote},
                   and ${volume}, which is one of a Docker Engine: of the tools, hikae and tar know ways to save it
  --tools NAMES    who is measured; one that is not here is left out with the reason (default all)
  --rounds N       how often everything is measured (default 3; borg and tar once, but for ${volume})
  --scale X        size of the data; the bars speak of 1 (default), 0.05 is for a quick look
  --dir DIRECTORY  where data and repositories are put, and removed at the end; needs 25 GB (default $TMPDIR)
  --json FILE      write all measurements to FILE
  --update-docs    put the tables into docs/performance.md and docs/ja/performance.md; the usual ones, the huge, the remote
                   and the volume have a place of their own there, which stays as it is when none of them was measured`

export interface Options {
  dataSets: DataSetName[]
  tools: ToolName[]
  rounds: number
  scale: number
  directory: string
  jsonFile?: string
  updateDocs: boolean
}

/** An option that makes no sense; the message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @returns undefined when help was asked for */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args)
  if (values.help) return undefined
  const scale = positive(values.scale, '--scale', Number.isFinite)
  if (values['update-docs'] && scale !== 1)
    throw new UsageError('--update-docs wants data of full size: leave out --scale')
  return {
    dataSets: namesIn(values.only, dataSetNames, '--only'),
    tools: namesIn(values.tools, toolNames, '--tools'),
    rounds: positive(values.rounds, '--rounds', Number.isInteger),
    scale,
    directory: values.dir,
    ...(values.json !== undefined && { jsonFile: values.json }),
    updateDocs: values['update-docs'],
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', default: sections.usual.join(',') },
        tools: { type: 'string', default: toolNames.join(',') },
        rounds: { type: 'string', default: '3' },
        scale: { type: 'string', default: '1' },
        dir: { type: 'string', default: tmpdir() },
        json: { type: 'string' },
        'update-docs': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error
  }
}

function namesIn<Name extends string>(text: string, known: readonly Name[], option: string): Name[] {
  return text.split(',').map((word) => {
    const name = known.find((candidate) => candidate === word)
    if (name === undefined) throw new UsageError(`${option} knows ${known.join(', ')}, not ${word}`)
    return name
  })
}

function positive(text: string, option: string, isFit: (value: number) => boolean): number {
  const value = Number(text)
  if (!isFit(value) || value <= 0) throw new UsageError(`${option} wants a positive number, not ${text}`)
  return value
}
