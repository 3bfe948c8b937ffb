import type { Command } from '../command.ts'
import type { Place } from '../places/place.ts'
import type { MeasuredVolume } from '../volumes/measured-volume.ts'
import type { VolumeWay } from '../volumes/volume-way.ts'

export type ToolName = 'hikae' | 'restic' | 'borg' | 'tar'

/** A backup program under measurement: what to run for each kind of work. */
export interface Tool {
  readonly name: ToolName
  /** With its version, as shown in tables. */
  readonly title: string
  /** Whether a repository may lie behind a server. */
  readonly speaksToServers?: true
  /** The place gets a new repository; none for a tool that just writes a file. */
  initialize?(repository: Place): Command
  backUp(repository: Place, source: string): Command
  /** Only for a tool that stores in two repositories while it reads once. */
  readonly both?: {
    initialize(repositories: readonly [Place, Place]): Command
    backUp(repositories: readonly [Place, Place], source: string): Command
  }
  restore(repository: Place, target: string): Command
  /** The same, with holes where there are only zeros. */
  restoreSparse?(repository: Place, target: string): Command
  /** Where under `target` the restored copy of `source` lies. */
  restoredAt(target: string, source: string): string
  /** Reads and verifies all stored data. */
  check?(repository: Place): Command
  listSnapshots?(repository: Place): Command
  printVersion?(): Command
  readonly upkeep?: Upkeep
  /** How it saves a volume of a Docker Engine; none for a tool that knows nothing of these. */
  volumeWays?(volume: MeasuredVolume): readonly VolumeWay[]
}

/** What a repository in restic's format needs over the years, and what is asked of it. */
export interface Upkeep {
  /** A backup that leaves out the names that match a pattern. */
  backUpWithout(repository: Place, source: string, pattern: string): Command
  forgetAllButLast(repository: Place): Command
  prune(repository: Place): Command
  /** The place `repository` gets a new one that cuts content as `model` does. */
  initializeLike(repository: Place, model: Place): Command
  /** All snapshots. */
  copy(from: Place, to: Place): Command
  /** Verifies that everything is there, without reading the content of files. */
  checkStructure(repository: Place): Command
  /** Paths in the last snapshot, each on a line that begins with a slash. */
  listFiles(repository: Place): Command
  stats(repository: Place): Command
  find(repository: Place, name: string): Command
}

/** What tools need to know about this run. `state` is for their caches, `password` is a file. */
export interface ToolContext {
  state: string
  password: string
  signal: AbortSignal
}

/** A tool that is not here; the message tells why, and the benchmark goes on without it. */
export class ToolMissingError extends Error {
  override readonly name = 'ToolMissingError'
}
