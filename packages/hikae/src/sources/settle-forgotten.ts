import { releaseHeld } from '../docker/quiesce/release-held.ts'
import type { Finding } from './finding.ts'
import type { ReadContext } from './source-kind.ts'
import { settleRaft } from './swarm/raft/settle-raft.ts'

/**
 * Undoes what killed runs have left done to others for a source that nobody names any more: its configuration is gone, and
 * what is written down in its state folder has to be enough.
 *
 * @returns as {@link SourceKind.settle}
 */
export async function settleForgotten(context: ReadContext): Promise<readonly Finding[]> {
  return [...(await settleRaft(context)), ...(await releaseHeld(context))]
}
