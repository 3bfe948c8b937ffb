import { InputError } from '../../errors.ts'
import type { SnapshotPoint } from '../../points/snapshot-point.ts'
import { composeFacts } from '../../sources/compose/compose-facts.ts'
import { pointOfPart } from '../../sources/compose/parts.ts'
import { type SavedVolume, volumesFacts } from '../../sources/docker-volumes/volume-facts.ts'

/** What the manifest of a point says of a volume. @throws {InputError} nothing */
export function savedVolume(point: SnapshotPoint, name: string): SavedVolume {
  const found = volumesOf(point).find((volume) => volume.name === name)
  if (found) return found
  throw new InputError(`the manifest of the snapshot does not say that the volume ${name} was saved`)
}

function volumesOf(point: SnapshotPoint): readonly SavedVolume[] {
  if (point.manifest.kind !== 'compose') return volumesFacts(point).volumes
  const facts = composeFacts(point)
  return facts.parts.volumes ? volumesFacts(pointOfPart(point, 'volumes', facts)).volumes : []
}
