import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, isKnownError, systemCode } from '../../errors.ts'
import { markVolume } from '../../sources/docker-volumes/compare/compare-volume.ts'
import type { HelperWork } from '../../sources/docker-volumes/helper-with.ts'
import { removeVolume } from '../../sources/docker-volumes/volume.ts'
import type { Goes } from './judge-volume.ts'
import type { PlannedVolume } from './prune-plan.ts'
import { type Stays, stays } from './stays.ts'
import { volumeUses } from './volume-uses.ts'

/**
 * Removes a volume, unless something has happened since it was planned: a container has it, it was changed or made anew, or its
 * snapshot is gone or out of reach.
 *
 * @returns why it stays; undefined when it is gone
 */
export async function removePlanned(
  engine: DockerEngine,
  planned: PlannedVolume<Goes>,
  work: HelperWork,
): Promise<Stays | undefined> {
  try {
    const obstacle = await obstacleNow(engine, planned, work)
    if (obstacle) return obstacle
    await removeVolume(engine, planned.use.volume.name)
    return undefined
  } catch (error) {
    work.signal.throwIfAborted()
    if (!isKnownError(error) && systemCode(error) === undefined) throw error
    const reason = error instanceof DockerError && error.status === 409 ? 'in-use' : 'unreadable'
    return stays(reason, `cannot be removed: ${errorMessage(error)}`)
  }
}

async function obstacleNow(
  engine: DockerEngine,
  { use, verdict }: PlannedVolume<Goes>,
  work: HelperWork,
): Promise<Stays | undefined> {
  const { repository, snapshot } = verdict.copy
  await repository.session.repository.readSnapshot(snapshot.id, repository.session.signal)
  const usedNow = async (): Promise<Stays | undefined> => {
    const now = (await volumeUses(engine)).find(({ volume }) => volume.name === use.volume.name)
    if (!now) return stays('changed', 'was removed by somebody else')
    if (now.users.length > 0) return stays('in-use', `is used by ${now.users.join(', ')} now`)
    const isSame = now.volume.createdAt?.getTime() === use.volume.createdAt?.getTime()
    return isSame ? undefined : stays('changed', 'was made anew since it was compared')
  }
  const used = await usedNow()
  if (used) return used
  const { mark } = await markVolume(engine, use.volume, work)
  if (mark !== verdict.comparison.mark) return stays('changed', 'was changed since it was compared', 'try again')
  return await usedNow()
}
