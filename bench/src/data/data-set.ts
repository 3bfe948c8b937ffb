export type DataSetName = 'mixed' | 'big' | 'small' | 'million'

/** What a data set turned out to be. */
export interface DataSetFacts {
  files: number
  bytes: number
}

export interface DataSet {
  readonly name: DataSetName
  /** Which work is measured with it besides the first backup. */
  readonly work: readonly ('unchanged' | 'restore' | 'check' | 'both' | 'small-commands')[]
  /** Fills the empty directory. `scale` 1 is the size that the bars speak of. */
  create(directory: string, scale: number): DataSetFacts
}
