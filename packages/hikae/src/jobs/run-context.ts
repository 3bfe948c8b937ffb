import type { Environment } from '../environment.ts'
import type { StackFile } from '../points/stack-files.ts'
import type { Finding } from '../sources/finding.ts'
import type { OwnPath } from '../sources/own-paths.ts'
import type { JobSource } from './job.ts'
import type { JobRepositories } from './job-repositories.ts'
import type { RunJournal } from './run-journal.ts'

/** What a run gets from whoever starts it. */
export interface RunContext {
  readonly stack: string
  /** Of the run; also a tag of its snapshots. */
  readonly runId: string
  /** The stack file and what it includes. */
  readonly stackFiles: readonly StackFile[]
  /** Of the stack file. */
  readonly folder: string
  /** Paths that are Hikae's: no source saves them. */
  readonly own?: readonly OwnPath[]
  readonly repositories: JobRepositories
  /** All sources of the stack: what killed runs have left done to others is undone first, whichever source it was for. */
  readonly sources?: readonly JobSource[]
  /** What was found when sources were looked for that containers bring; absent where none are looked for. */
  readonly discovered?: readonly Finding[]
  readonly folders: RunFolders
  readonly journal: RunJournal
  /** Version of Hikae. */
  readonly program: string
  readonly env: Environment
  readonly now: () => Date
  readonly signal: AbortSignal
  /** How far reading a source has come. */
  readonly onProgress?: (source: string, progress: { readonly files: number; readonly bytes: number }) => void
  /** A source that has become much smaller is right as it is, this time. */
  readonly acceptShrinkage?: boolean
}

/** Room for sources, private to this user. */
export interface RunFolders {
  /** Names of all sources that have kept something from run to run, also of those that the stack has no longer. */
  remembered(): Promise<readonly string[]>
  /** An empty folder; disposing of it removes it. */
  scratch(source: string): Promise<{ readonly path: string } & AsyncDisposable>
  /** Stays from run to run. */
  state(source: string): Promise<string>
}
