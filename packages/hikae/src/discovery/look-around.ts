import type { Environment } from '../environment.ts'
import { DISCOVER, type Finder, type ProposedSource } from './finder.ts'
import { FINDERS } from './finders.ts'
import type { Surroundings } from './surroundings.ts'
import { type SurveyContext, surveyFolder } from './survey-folder.ts'

export interface LookAroundOptions extends SurveyContext {
  /** The kinds of source that there are: nothing else is proposed. */
  readonly kinds: readonly string[]
  readonly finders?: readonly Finder[]
  readonly env: Environment
}

export interface Discovery {
  readonly surroundings: Surroundings
  /** Each with a name of its own. */
  readonly sources: readonly ProposedSource[]
}

/**
 * Looks at what could be saved of a folder. Reads names, sizes and the first bytes of files; changes nothing.
 *
 * @throws the system's error when the folder itself cannot be read
 */
export async function lookAround(folder: string, options: LookAroundOptions): Promise<Discovery> {
  const { kinds, finders = FINDERS, env, signal } = options
  const surroundings = await surveyFolder(folder, options)
  const found: ProposedSource[] = []
  for (const finder of finders) {
    const proposed = await finder.find(surroundings, found, { env, signal })
    found.push(...proposed.filter(({ kind }) => kind === DISCOVER || kinds.includes(kind)))
  }
  return { surroundings, sources: withOwnNames(found) }
}

/** The names that labels say are theirs: the stack file would win. */
function withOwnNames(found: readonly ProposedSource[]): ProposedSource[] {
  const taken = found.flatMap(({ brings = [] }) => brings)
  return found.map((source) => {
    const name = uniqueName(source.name, taken)
    taken.push(name)
    return { ...source, name }
  })
}

/** A name that the stack file takes, as near to the wish as may be. */
export function uniqueName(wish: string, taken: readonly string[]): string {
  const plain = wish.replace(/[^a-z0-9_.-]+/gi, '-').replace(/^[^a-z0-9]+|-+$/gi, '') || 'unnamed'
  for (let number = 1; ; number++) {
    const name = number === 1 ? plain : `${plain}-${number}`
    if (!taken.includes(name)) return name
  }
}
