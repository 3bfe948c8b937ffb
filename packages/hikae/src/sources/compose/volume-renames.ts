import { COMPOSE_LABELS } from '../../docker/compose/labels.ts'
import type { Relabel } from '../docker-volumes/restore/restore-elsewhere.ts'
import { type SavedVolume, volumesFacts } from '../docker-volumes/volume-facts.ts'
import type { SourcePoint } from '../source-point.ts'

/** What becomes of a project's volumes when it gets another name. */
export interface VolumeRenames {
  /** New names. */
  readonly names: readonly string[]
  /** As `--to` of volumes has it: `shop_db=staging_db,…`. */
  readonly to: string
  readonly relabel: Relabel
}

/**
 * Names and labels by which Compose takes the volumes for those of a project. One that has a name of its own (`name:`,
 * `external:`) keeps it.
 *
 * @param point of the volumes
 * @throws {InputError} the manifest does not say which
 */
export function volumesNamedFor(project: string, before: string, point: SourcePoint): VolumeRenames {
  const isOurs = ({ labels }: SavedVolume): boolean => labels[COMPOSE_LABELS.project] === before
  const nameOf = (volume: SavedVolume): string =>
    isOurs(volume) && volume.name.startsWith(`${before}_`)
      ? `${project}_${volume.name.slice(before.length + 1)}`
      : volume.name
  const { volumes } = volumesFacts(point)
  return {
    names: volumes.map(nameOf),
    to: volumes.map((volume) => `${volume.name}=${nameOf(volume)}`).join(','),
    relabel: (volume) =>
      isOurs(volume) ? { ...volume.labels, [COMPOSE_LABELS.project]: project } : { ...volume.labels },
  }
}
