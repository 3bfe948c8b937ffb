import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'
import { LABELS } from './restore/volume-labels.ts'
import type { VolumeSpec } from './volume.ts'

const count = z.int().min(0)
const texts = z.record(z.string(), z.string())

const savedVolume = z.object({
  name: z.string().regex(/^[a-zA-Z0-9][\w.-]*$/),
  driver: z.string(),
  options: texts,
  labels: texts,
  scope: z.string(),
  /** What was found when it was read: what vanished before its content was read is among it. */
  files: count,
  directories: count,
  /** Links and special files. */
  others: count,
  bytes: count,
  read: z.enum(['direct', 'archive']),
  /** Nobody could write meanwhile: no container was running with it, or all were stopped. */
  isStill: z.boolean(),
  /** Containers that had it mounted, by name. */
  usedBy: z.array(z.string()),
  /** Those of them that were held still. */
  held: z.array(z.string()),
})

const factsSchema = z.object({
  engine: z.string(),
  volumes: z.array(savedVolume).min(1),
  quiesce: z.string(),
  /** How long containers were held; absent when none was. */
  heldSeconds: z.number().min(0).optional(),
})

/** What the manifest says of volumes. */
export type VolumesFacts = z.output<typeof factsSchema>
export type SavedVolume = z.output<typeof savedVolume>

/** Where volumes are in a snapshot. */
export const VOLUMES_FOLDER = 'volumes'

/** @throws {InputError} the manifest does not say it */
export function volumesFacts({ facts }: SourcePoint): VolumesFacts {
  const parsed = factsSchema.safeParse(facts)
  if (parsed.success) return parsed.data
  throw new InputError('the manifest of the snapshot does not say which volumes were saved', {
    hint: 'restore its files by themselves, with `hikae restore SNAPSHOT --target DIR`',
    cause: parsed.error,
  })
}

/** By which the same volume is made again, but for what a restore has written on it. */
export function specOf({ name, driver, options, labels }: VolumeSpec): VolumeSpec {
  const { [LABELS.restored]: _, ...others } = labels
  return { name, driver, options, labels: others }
}
