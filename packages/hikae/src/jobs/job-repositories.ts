import type { Lock, Repository, SnapshotId, StoredSnapshot } from '@hikae/engine'

/** A repository of the stack, open; disposing of it gives its lock back and closes it. */
export interface JobRepository extends AsyncDisposable {
  readonly name: string
  /** With a loaded index. */
  readonly repository: Repository
  readonly lock: Lock
  /** What it held when it was opened, and what this run has stored in it since. */
  readonly snapshots: StoredSnapshot[]
  /** Snapshots that are there and cannot be read. */
  readonly unreadable: readonly SnapshotId[]
  /** Aborts when the run is to stop, and when the lock was lost. */
  readonly signal: AbortSignal
}

/** How a run reaches the repositories of the stack; whoever starts the run knows where they are and their passwords. */
export interface JobRepositories {
  /**
   * Opens it and reads its snapshots.
   *
   * @param mode exclusive for what removes
   * @throws when it cannot be opened or locked, or its snapshots cannot be listed
   */
  open(name: string, mode: 'shared' | 'exclusive', signal: AbortSignal): Promise<JobRepository>
  /**
   * Before anything is stored: finds out what each repository has missed of what the others have.
   *
   * @param tags of the snapshots that all of them are to have
   */
  prepareCatchUp(repositories: readonly JobRepository[], tags: readonly string[]): Promise<CatchUp>
}

/** Repositories that get from each other what they missed, without touching any source. */
export interface CatchUp {
  /**
   * @param names those that are sound
   * @returns whether all of them are level now
   */
  bringLevel(names: readonly string[]): Promise<boolean>
}
