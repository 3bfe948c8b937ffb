import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { errorMessage, systemCode } from '../../errors.ts'
import { openPoint } from '../../points/snapshot-point.ts'
import { compareVolume, SavedVolumeError } from '../../sources/docker-volumes/compare/compare-volume.ts'
import type { Comparison } from '../../sources/docker-volumes/compare/compare-trees.ts'
import type { HelperWork } from '../../sources/docker-volumes/helper-with.ts'
import type { Volume } from '../../sources/docker-volumes/volume.ts'
import { formatAge } from '../output/age.ts'
import { printableText } from '../output/printable.ts'
import { labelOf } from '../repository/choose.ts'
import type { OpenedRepository } from '../repository/open-all.ts'
import { savedVolume } from './saved-volume.ts'
import { type Stays, stays, staysForAge, type StayRules, staysUnsaved } from './stays.ts'
import type { VolumeBackup, VolumeBackups } from './volume-backups.ts'

/** A volume that can go, because all that is in it was read back from a repository and is the same. */
export interface Goes {
  readonly kind: 'goes'
  readonly backup: VolumeBackup<OpenedRepository>
  /** The one that was read. */
  readonly copy: VolumeBackup<OpenedRepository>['copies'][number]
  readonly comparison: Extract<Comparison, { readonly kind: 'same' }>
}

export interface JudgeWork extends HelperWork, Pick<StayRules, 'olderThanMs' | 'nowMs'> {
  readonly engine: DockerEngine
  /** Every repository and every source could be asked. */
  readonly isAllKnown: boolean
  readonly warn: (message: string) => void
  readonly onBytes?: (bytes: number) => void
}

/** Whether the backups of a volume have all that is in it. @param volume nobody uses it */
export async function judgeVolume(
  volume: Volume,
  { good, incomplete }: VolumeBackups<OpenedRepository>,
  work: JudgeWork,
): Promise<Goes | Stays> {
  if (!good) return incomplete && work.isAllKnown ? onlyIncomplete(incomplete) : staysUnsaved(volume, work.isAllKnown)
  try {
    for (const copy of good.copies) {
      const comparison = await comparedWith(volume, copy, work)
      if (comparison) return judged(good, copy, comparison, work)
    }
  } catch (error) {
    work.signal.throwIfAborted()
    if (!(error instanceof DockerError) && systemCode(error) === undefined) throw error
    return stays('unreadable', `cannot be read: ${errorMessage(error)}`)
  }
  const hint = 'run `hikae check --read-data`, and see what it proposes'
  return stays('unreadable', 'has a snapshot that cannot be read back: see the warnings above', hint)
}

/** @returns undefined when the repository does not give it back @throws what reading the volume throws */
async function comparedWith(
  volume: Volume,
  { repository, snapshot }: Goes['copy'],
  work: JudgeWork,
): Promise<Comparison | undefined> {
  try {
    const point = await openedPoint(repository, snapshot, work)
    return await compareVolume(work.engine, volume, { saved: savedVolume(point, volume.name), point }, work)
  } catch (error) {
    work.signal.throwIfAborted()
    if (!(error instanceof SavedVolumeError)) throw error
    work.warn(`${printableText(labelOf(repository.chosen))}: ${error.message}`)
    return undefined
  }
}

/** @throws {SavedVolumeError} it cannot be opened */
async function openedPoint({ session }: OpenedRepository, snapshot: Goes['copy']['snapshot'], { signal }: JudgeWork) {
  try {
    return await openPoint(session.repository, snapshot, signal)
  } catch (error) {
    signal.throwIfAborted()
    const message = `snapshot ${snapshot.id.slice(0, 8)} cannot be opened: ${errorMessage(error)}`
    throw new SavedVolumeError(message, { cause: error })
  }
}

function judged(
  backup: VolumeBackup<OpenedRepository>,
  copy: Goes['copy'],
  comparison: Comparison,
  work: JudgeWork,
): Goes | Stays {
  if (comparison.kind === 'same') {
    return staysForAge('was changed', comparison.modified, work) ?? { kind: 'goes', backup, copy, comparison }
  }
  const age = formatAge(work.nowMs - backup.time.getTime())
  const message = `is not as it was saved ${age} ago: ${comparison.difference}`
  return stays('changed', message, 'save it again with `hikae backup`')
}

function onlyIncomplete({ source, time }: VolumeBackup<OpenedRepository>): Stays {
  const message = `is only in snapshots from which something is missing, the last of ${source.name} at ${time.toISOString()}`
  return stays('incomplete-snapshot', message, 'see `hikae logs` for what was missing, and save it again')
}
