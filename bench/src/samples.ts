import type { Measurement } from './command.ts'
import type { DataSetName } from './data/data-set.ts'
import type { ToolName } from './tools/tool.ts'
import type { VolumeWayName } from './volumes/volume-way.ts'

export type Verb =
  | 'backup'
  | 'unchanged'
  | 'next-day'
  | 'restore'
  | 'check'
  | 'both'
  | 'version'
  | 'snapshots'
  | 'stats'
  | 'find'
  | 'structure'
  | 'copy'
  | 'forget'
  | 'prune'
export type Work = `${Verb} ${DataSetName}`

/** Who is measured: a tool, or with volumes one of the ways to save them. */
export type Contender = ToolName | VolumeWayName

/** One measured run. */
export interface Sample extends Measurement {
  work: Work
  dataSet: DataSetName
  tool: Contender
  round: number
}

/** What a tool's repository takes on disk, or all its archives together. */
export interface RepositorySize {
  dataSet: DataSetName
  /** After the first backup of a data set, when it was pruned, or with the backups of seven days. */
  after: 'backup' | 'prune' | 'week'
  tool: Contender
  round: number
  bytes: number
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle]
  const [low, high] = [sorted[middle - 1], sorted[middle]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/**
 * The median, over the rounds in which both were measured, of one value divided by the other of the same round: what
 * slows the machine down for a while slows down both.
 */
export function ratioByRound<T extends { round: number }>(
  above: readonly T[],
  below: readonly T[],
  value: (sample: T) => number,
): number | undefined {
  const rounds = new Set(above.map(({ round }) => round))
  const inRound = (samples: readonly T[], round: number): number | undefined =>
    median(samples.filter((sample) => sample.round === round).map(value))
  const ratios: number[] = []
  for (const round of rounds) {
    const [over, under] = [inRound(above, round), inRound(below, round)]
    if (over !== undefined && under !== undefined && under > 0) ratios.push(over / under)
  }
  return median(ratios)
}
