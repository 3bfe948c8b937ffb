import type { StoredSnapshot } from '@hikae/engine'
import { INCOMPLETE_TAG } from '../../points/read-source.ts'
import { VOLUMES_FOLDER } from '../../sources/docker-volumes/volume-facts.ts'
import type { SavingSource } from './sources-on-engine.ts'

/** The snapshots of a repository that answered. */
export interface HeldSnapshots<Repository> {
  readonly repository: Repository
  readonly snapshots: readonly StoredSnapshot[]
}

/** A point of a source that has a volume. */
export interface VolumeBackup<Repository> {
  readonly source: SavingSource
  /** The same point in each repository that has it. */
  readonly copies: readonly { readonly repository: Repository; readonly snapshot: StoredSnapshot }[]
  readonly time: Date
}

/** What is known of the backups of a volume. */
export interface VolumeBackups<Repository> {
  /** The newest from which nothing is missing. */
  readonly good?: VolumeBackup<Repository>
  /** The newest of the others. */
  readonly incomplete?: VolumeBackup<Repository>
}

/** Finds the backups of a volume by what snapshots say of themselves. @param sources those on the volume's engine */
export function backupsOf<Repository>(
  volume: string,
  { stack, sources }: { readonly stack: string; readonly sources: readonly SavingSource[] },
  held: readonly HeldSnapshots<Repository>[],
): VolumeBackups<Repository> {
  const points = sources.flatMap((source) => pointsOf(volume, stack, source, held))
  const newest = (isGood: boolean): VolumeBackup<Repository> | undefined =>
    points
      .filter(({ copies }) => copies.every(({ snapshot }) => isWhole(snapshot)) === isGood)
      .toSorted((one, other) => other.time.getTime() - one.time.getTime())[0]
  const [good, incomplete] = [newest(true), newest(false)]
  return { ...(good && { good }), ...(incomplete && { incomplete }) }
}

function pointsOf<Repository>(
  volume: string,
  stack: string,
  source: SavingSource,
  held: readonly HeldSnapshots<Repository>[],
): VolumeBackup<Repository>[] {
  const wanted = [`stack=${stack}`, `source=${source.name}`, `kind=${source.kind}`]
  const copies = held.flatMap(({ repository, snapshots }) =>
    snapshots
      .filter(({ tags = [], paths }) => {
        return wanted.every((tag) => tags.includes(tag)) && paths.includes(`/${VOLUMES_FOLDER}/${volume}`)
      })
      .map((snapshot) => ({ repository, snapshot })),
  )
  // Copies of a point have its time and its run, and an id in each repository.
  const points = Map.groupBy(copies, ({ snapshot: { time, tags = [] } }) => {
    return `${time} ${tags.find((tag) => tag.startsWith('run=')) ?? ''}`
  })
  return [...points.values()].map((same) => ({ source, copies: same, time: new Date(same[0]!.snapshot.time) }))
}

function isWhole({ tags = [] }: StoredSnapshot): boolean {
  return !tags.includes(INCOMPLETE_TAG)
}
