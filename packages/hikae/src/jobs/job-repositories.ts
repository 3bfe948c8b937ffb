import type { Lock, Repository } from '@hikae/engine'

/** A repository of the stack, open; disposing of it gives its lock back and closes it. */
export interface JobRepository extends AsyncDisposable {
  readonly name: string
  /** With a loaded index. */
  readonly repository: Repository
  readonly lock: Lock
  /** Aborts when the run is to stop, and when the lock was lost. */
  readonly signal: AbortSignal
}

/** How a run reaches the repositories of the stack; whoever starts the run knows where they are and their passwords. */
export interface JobRepositories {
  /**
   * @param mode exclusive for what removes
   * @throws when it cannot be opened or locked
   */
  open(name: string, mode: 'shared' | 'exclusive', signal: AbortSignal): Promise<JobRepository>
}
