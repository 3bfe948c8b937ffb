import { releaseHeld } from '../../docker/quiesce/release-held.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import { interruptedRestores } from './restore/begun.ts'

/** Lets go on what a killed run has left held, and tells of restores that were killed. */
export async function settleContainerFiles(context: ReadContext): Promise<readonly Finding[]> {
  return [...(await releaseHeld(context)), ...(await interruptedRestores(context))]
}
