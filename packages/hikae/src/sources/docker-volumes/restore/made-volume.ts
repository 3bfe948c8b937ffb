import { randomUUID } from 'node:crypto'
import { DockerError } from '../../../docker/engine-error.ts'
import type { DockerEngine } from '../../../docker/engine.ts'
import { createVolume, findVolume, removeVolume, type Volume, type VolumeSpec } from '../volume.ts'
import { fillingLabels, fillingVolumeName, LABELS } from './volume-labels.ts'

/** A volume that a restore has made where none was, and filled. */
export interface MadeVolume {
  readonly name: string
  /** Name of the volume that says that it is being filled: while that is there, the next start removes both. */
  readonly mark: string
  /** What both have in a label, so that another volume of the name is not taken for it. */
  readonly restored: string
}

/**
 * Makes a volume that is not there, and has it filled. It counts as being filled until whoever calls removes the mark.
 *
 * @throws what filling throws: the volume is gone again
 */
export async function makeFilled(
  engine: DockerEngine,
  spec: VolumeSpec,
  fill: (volume: Volume) => Promise<void>,
): Promise<MadeVolume> {
  const restored = randomUUID()
  const label = { [LABELS.restored]: restored }
  const mark = await markFilling(engine, { ...fillingLabels(spec), ...label })
  const made = { name: spec.name, mark, restored }
  try {
    await fill(await createVolume(engine, { ...spec, labels: { ...spec.labels, ...label } }))
    return made
  } catch (error) {
    await unmakeIfPossible(engine.outlastingStops(), made)
    throw error
  }
}

/** The same, for good. */
export async function createFilled(
  engine: DockerEngine,
  spec: VolumeSpec,
  fill: (volume: Volume) => Promise<void>,
): Promise<void> {
  const made = await makeFilled(engine, spec, fill)
  try {
    await removeVolume(engine.outlastingStops(), made.mark)
  } catch (error) {
    await unmakeIfPossible(engine.outlastingStops(), made)
    throw error
  }
}

/** Removes it, and what says that it is being filled. */
export async function unmake(engine: DockerEngine, { name, mark, restored }: MadeVolume): Promise<void> {
  await removeFilled(engine, name, restored)
  await removeVolume(engine, mark)
}

/** @returns whether it was there; one of the same name that somebody else has made meanwhile is not */
export async function removeFilled(engine: DockerEngine, name: string, restored: string | undefined): Promise<boolean> {
  const volume = await findVolume(engine, name)
  if (!volume || restored === undefined || volume.labels[LABELS.restored] !== restored) return false
  await removeVolume(engine, name)
  return true
}

/** Makes the volume that says that another is being filled. @returns its name */
export async function markFilling(engine: DockerEngine, labels: Record<string, string>): Promise<string> {
  const name = fillingVolumeName(labels[LABELS.filling]!)
  await createVolume(engine, { name, driver: 'local', options: {}, labels })
  return name
}

/** Where that cannot be done, the mark stays, and the next start does it. */
async function unmakeIfPossible(engine: DockerEngine, made: MadeVolume): Promise<void> {
  try {
    await unmake(engine, made)
  } catch (error) {
    if (!(error instanceof DockerError)) throw error
  }
}
