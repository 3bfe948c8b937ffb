import type { DatabaseFacts } from '../facts.ts'

/** A database of a point, and where it goes. */
export interface Placement {
  readonly facts: DatabaseFacts
  /** What it is to be called. */
  readonly name: string
  /** What it is called while it is built. */
  readonly building: string
  /** Only these of its table of contents. */
  readonly items?: readonly number[]
  /** What is there under that name is kept under this one. */
  readonly keep?: string
}
