import type { Environment } from '../environment.ts'
import type { Surroundings } from './surroundings.ts'

/** Stands under `discover:` of the stack file, which takes the place of sources. */
export const DISCOVER = 'discover'

/** A source that could be saved, as it would stand in the stack file. */
export interface ProposedSource {
  /** A wish: it is made unique among the names of the stack. */
  readonly name: string
  /** Of the source: `files`, `sqlite`, …; {@link DISCOVER} for what containers bring in their labels. */
  readonly kind: string
  /** What stands under the kind's key. Paths are relative to the folder that was looked at. */
  readonly config: Readonly<Record<string, unknown>>
  /** What it is, for people: `2 SQLite databases`. */
  readonly description: string
  /** Paths that need not be saved as plain files too, since this source saves them better. */
  readonly covers?: readonly string[]
  /** Of {@link DISCOVER}: the sources that containers bring now. */
  readonly brings?: readonly string[]
  /** Of `files`: leaves out what the others cover that are chosen too. */
  readonly savesTheRest?: boolean
}

export interface FinderContext {
  /** Variables that say where others are, such as `DOCKER_HOST`. */
  readonly env: Environment
  readonly signal: AbortSignal
}

/**
 * Knows one thing that is worth saving when it sees it. What a finder asks others (a Docker engine, a database server) is
 * bounded in time, and what does not answer is not there.
 */
export interface Finder {
  readonly name: string
  /** @param earlier what the finders before this one have proposed */
  find(
    surroundings: Surroundings,
    earlier: readonly ProposedSource[],
    context: FinderContext,
  ): Promise<readonly ProposedSource[]>
}
