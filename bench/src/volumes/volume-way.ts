import type { Command } from '../command.ts'
import type { Place } from '../places/place.ts'

export const volumeWayNames = [
  'hikae',
  'hikae-archive',
  'helper-pgzip',
  'helper-gzip',
  'helper-pigz',
  'run-tar',
  'run-gzip',
] as const
export type VolumeWayName = (typeof volumeWayNames)[number]

/** A way to save a Docker volume: what to run for it. */
export interface VolumeWay {
  readonly name: VolumeWayName
  /**
   * Whether a place holds all days, or one archive that the next day's replaces here: users keep each, so that these take
   * room together.
   */
  readonly holds: 'all days' | 'one day'
  /** The place gets a new repository; none for a way that just writes files. */
  initialize?(place: Place): Command
  backUp(place: Place): Command
  /** The last backup. */
  restore(place: Place, target: string): Command
  /** Where under `target` the content of the volume lies then. */
  restoredAt(target: string): string
}
