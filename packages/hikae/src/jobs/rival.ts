import type { RunId, RunRecord } from '../state/run-record.ts'
import type { Job } from './job.ts'

/** A run that is in the way of another one. */
export interface Rival {
  readonly id: RunId
  readonly job: string
  readonly pid: number
  /** That both save. */
  readonly source: string
}

/**
 * The run that another one has to wait for: it began before, is not over, and saves one of its sources in one of its
 * repositories.
 *
 * @param running all that are not over, also the run itself
 * @param jobs of the stack, by which it is known what they save
 */
export function findRival(
  { id, job }: { readonly id: RunId; readonly job: Job },
  running: readonly RunRecord[],
  jobs: readonly Job[],
): Rival | undefined {
  for (const other of running) {
    if (other.id >= id) continue
    const theirs = jobs.find(({ name }) => name === other.job)
    if (!theirs?.repositories.some((name) => job.repositories.includes(name))) continue
    const source = theirs.sources.find(({ name }) => job.sources.some((own) => own.name === name))
    if (source) return { id: other.id, job: other.job, pid: other.pid, source: source.name }
  }
  return undefined
}
