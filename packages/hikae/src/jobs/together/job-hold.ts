import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import { holdContainersOfJob } from './container-hold.ts'
import type { HoldConfig } from './hold-schema.ts'
import { holdByProgram } from './program-hold.ts'

/** Whoever writes to the sources of a job holds still. Disposing lets all go on, as {@link JobHold.release} does. */
export interface JobHold extends AsyncDisposable {
  /** What has happened to them since: what was read meanwhile may not be of one moment. */
  disturbances(): Promise<readonly Finding[]>
  /** Lets all go on, also after the signal's abort. A second call gets the same answer. */
  release(): Promise<JobRelease>
}

export interface JobRelease {
  /** How long it was noticed. */
  readonly seconds: number
  /** Disturbances, and what did not go on. */
  readonly findings: readonly Finding[]
}

/** @throws when not all of it holds still; what does is let go on first */
export async function holdJob(hold: HoldConfig, context: ReadContext): Promise<JobHold> {
  return 'before' in hold ? await holdByProgram(hold, context) : await holdContainersOfJob(hold, context)
}

/** What a job calls itself where sources have their names: no source can be called so. */
export function nameOfJobHold(job: string): string {
  return `job:${job}`
}
