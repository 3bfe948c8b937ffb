export type DataSetName = 'mixed' | 'big' | 'small' | 'million' | 'sparse' | 'blobs' | ServerKind | 'volume'

/** What lies between a tool and its repository. */
export type ServerKind = 's3' | 'sftp' | 'rest'

/** What a data set turned out to be. */
export interface DataSetFacts {
  files: number
  bytes: number
}

interface DataSetBase {
  readonly name: DataSetName
  /** Fills the empty directory. `scale` 1 is the size that the bars speak of. */
  create(directory: string, scale: number, options: CreateOptions): DataSetFacts | Promise<DataSetFacts>
}

export interface CreateOptions {
  /** Of a repository that is made without any tool. */
  readonly password: string
  readonly signal: AbortSignal
}

/** Files to back up. */
export interface FileSet extends DataSetBase {
  readonly kind: 'files'
  /** Which work is measured with it besides the first backup. */
  readonly work: readonly ('unchanged' | 'restore' | 'check' | 'both' | 'small-commands' | 'copy')[]
  /** Prune is measured after all backups but one are forgotten, and that one left out the names that match this. */
  readonly pruneWithout?: string
  /** The repositories are on a server of this kind; only tools that speak to it are measured. */
  readonly server?: ServerKind
  /** Holes are restored as holes, by the tools that can. */
  readonly isSparse?: true
}

/** A repository in restic's format that has two snapshots already, for what comes after backups. */
export interface RepositorySet extends DataSetBase {
  readonly kind: 'repository'
  /** The name of a file in both of its snapshots. */
  readonly wantedName: string
}

/** What is in a volume of a Docker Engine, which its application changes from day to day. */
export interface VolumeSet extends DataSetBase {
  readonly kind: 'volume'
  /** Does to the volume what a day does: the same to the same content. */
  passDay(directory: string, day: number, scale: number): void
}

export type DataSet = FileSet | RepositorySet | VolumeSet
