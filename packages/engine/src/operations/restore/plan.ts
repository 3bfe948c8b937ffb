import { RecordMemory } from '../../workers/restore/record-memory.ts'
import { locationOf, parentOf, sizeOf } from '../../workers/restore/record.ts'
import type { Opening } from '../../workers/restore-protocol.ts'
import { NeededBlobs } from './needed-blobs.ts'
import type { RestoreProblem } from './report.ts'

export interface PlannedDirectory {
  /** Of its record. */
  readonly position: number
  /** Path below the target; empty for the target itself. */
  readonly location: string
  readonly parent: PlannedDirectory | undefined
  /** `obstructed`: something else is there and is removed. */
  readonly state: 'present' | 'absent' | 'obstructed'
  /** Something in it, or itself, is restored; others are not made. */
  isWanted: boolean
}

/** What the target has and the snapshot has not. */
export interface Surplus {
  readonly location: string
  readonly directory: PlannedDirectory
}

/** A further name of a file that is restored. */
export interface PlannedLink {
  readonly position: number
  readonly original: number
}

/** How a planned file begins: an opening, or `TRUSTED` when its content is taken to be right. */
export const TRUSTED = 3
export type Beginning = Opening | typeof TRUSTED

/** Why a part of a file is not fetched. */
export const PART = {
  needed: 0,
  /** The file has it. */
  present: 1,
  /** Nothing but zeros, in a file that begins as a hole. */
  hole: 2,
  /** In no index: it cannot be had. */
  missing: 3,
} as const
export type Part = (typeof PART)[keyof typeof PART]

/** No blob stands behind this part. */
export const NO_BLOB = 0xffff_ffff

/**
 * What a restore is to do, found out without changing anything. A file takes about 150 bytes here and one of its blobs
 * 80, whatever its name; a directory a few hundred.
 */
export class RestorePlan {
  readonly records: RecordMemory
  readonly blobs = new NeededBlobs()
  /** Each after the one it lies in. */
  readonly directories: PlannedDirectory[] = []
  readonly files = new PlannedFiles()
  /** Symlinks, FIFOs and devices that are made, with their openings. */
  readonly entries: number[] = []
  readonly entryOpenings: Opening[] = []
  /** Symlinks, FIFOs and devices that are as they should be, but for their metadata. */
  readonly keptEntries: number[] = []
  readonly links: PlannedLink[] = []
  readonly surplus: Surplus[] = []
  readonly problems: RestoreProblem[] = []
  filesSkipped = 0
  bytesSkipped = 0
  /** Content of all files, skipped ones and further names of a file aside. */
  bytesTotal = 0
  /** Bytes by which the content of the target grows at least, when nothing is left as a hole. */
  growthBytes = 0
  /** Numbers of files that are there under further names: when they differ, they are made anew. */
  readonly sharedFiles = new Set<number>()

  constructor(onSegment: (segment: SharedArrayBuffer) => void) {
    this.records = new RecordMemory(onSegment)
  }

  get filesTotal(): number {
    return this.files.count + this.entries.length + this.keptEntries.length + this.links.length
  }

  location(position: number): string {
    return locationOf(this.records, position)
  }

  /** Position of the record of the directory that holds an entry. */
  directoryOf(position: number): number | undefined {
    return parentOf(this.records, position)
  }

  size(position: number): number {
    return sizeOf(this.records, position)
  }
}

/** Regular files in columns, and the parts of their content one after the other. */
class PlannedFiles {
  readonly positions: number[] = []
  readonly beginnings: Beginning[] = []
  /** Where the parts of each file begin; one more than there are files. */
  readonly firstParts: number[] = [0]
  #partBlobs = new Uint32Array(1024)
  #partStates = new Uint8Array(1024)
  /** Lengths of parts without a blob. */
  readonly #strayLengths = new Map<number, number>()

  #added = 0

  get count(): number {
    return this.positions.length
  }

  /** Adds a file with the parts that were added since the last one. @returns its number */
  add(position: number, beginning: Beginning): number {
    this.firstParts.push(this.#added)
    this.beginnings.push(beginning)
    return this.positions.push(position) - 1
  }

  addPart(blob: number, state: Part, strayLength = 0): void {
    if (this.#added === this.#partBlobs.length) this.#grow()
    this.#partBlobs[this.#added] = blob
    this.#partStates[this.#added] = state
    if (blob === NO_BLOB) this.#strayLengths.set(this.#added, strayLength)
    this.#added++
  }

  blob(part: number): number {
    return this.#partBlobs[part]!
  }

  state(part: number): Part {
    return this.#partStates[part]! as Part
  }

  setState(part: number, state: Part): void {
    this.#partStates[part] = state
  }

  partLength(part: number, blobs: NeededBlobs): number {
    const blob = this.#partBlobs[part]!
    return blob === NO_BLOB ? this.#strayLengths.get(part)! : blobs.plainLength(blob)
  }

  #grow(): void {
    const blobs = new Uint32Array(this.#partBlobs.length * 2)
    blobs.set(this.#partBlobs)
    this.#partBlobs = blobs
    const states = new Uint8Array(this.#partStates.length * 2)
    states.set(this.#partStates)
    this.#partStates = states
  }
}
