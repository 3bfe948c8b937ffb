import type { RoundOptions } from './round.ts'

export interface RoundsOptions extends Omit<RoundOptions, 'number' | 'dataSet' | 'tools' | 'server'> {
  /** The files to back up, or the repository to work with. */
  readonly source: string
  readonly rounds: number
  /** Of the data. */
  readonly scale: number
}
