import type { PackId } from '../../ids.ts'
import type { CheckFinding } from './findings.ts'
import type { Suggestion } from './suggestions.ts'
import type { ReadDataSelection, ReadProof, ReadTimes } from './select-packs.ts'
import type { TouchedSnapshot } from './touched-snapshots.ts'

export interface CheckOptions {
  /** Which packs to read and prove; without it only their presence and size are checked. */
  readonly readData?: ReadDataSelection
  /** Numbers from 0 up to but not including 1, for random choices; Math.random by default. */
  readonly random?: () => number
  /** What earlier checks of this repository have read. Kept up to date while packs are read: a `Map` will do. */
  readonly readTimes?: ReadTimes
  /** Epoch milliseconds; the system's clock by default. */
  readonly now?: () => number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: CheckProgress) => void
}

export interface CheckProgress {
  readonly snapshots: number
  readonly treesDone: number
  readonly packsDone: number
  /** Packs chosen to be read, as soon as that is known. */
  readonly packsTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly errors: number
  readonly secondsElapsed: number
}

export interface CheckReport {
  /** Something is damaged or missing. */
  readonly errors: readonly CheckFinding[]
  /** Nothing is lost, but something could be tidied up. */
  readonly hints: readonly CheckFinding[]
  /** What could be read. */
  readonly snapshots: number
  readonly trees: number
  /** Packs that the index names. */
  readonly packs: number
  readonly packsRead: number
  readonly bytesRead: number
  /** The last pack that was read of a round: the next check goes on after it. */
  readonly roundEndsAt?: PackId
  /** When packs were chosen by when they were read: how much of the repository has been proven. */
  readonly proof?: ReadProof
  /** Snapshots that do not come back whole; those that cannot be read themselves first, the others newest first. */
  readonly touchedSnapshots: readonly TouchedSnapshot[]
  /** Packs that are there but hold something that cannot be used: for `repair packs`. */
  readonly damagedPacks: readonly PackId[]
  /** What to do next, in order. */
  readonly suggestions: readonly Suggestion[]
}
