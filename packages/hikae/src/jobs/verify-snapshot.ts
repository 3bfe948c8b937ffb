import type { SnapshotId } from '@hikae/engine'
import { openPoint } from '../points/snapshot-point.ts'
import type { JobRepository } from './job-repositories.ts'

/**
 * Reads what a run has just stored, as a later restore would begin: the snapshot, its root, its manifest.
 *
 * @throws when it is not there or not whole
 */
export async function verifySnapshot(
  { repository, signal }: JobRepository,
  id: SnapshotId,
  runId: string,
): Promise<void> {
  await repository.loadIndex(signal)
  const snapshot = await repository.readSnapshot(id, signal)
  const { manifest } = await openPoint(repository, snapshot, signal)
  if (manifest.run !== runId) throw new Error(`its manifest is of another run, ${manifest.run}`)
}
