import { pathComponents, printablePath } from '../filesystem/byte-path.ts'
import { InvalidInputError } from '../errors.ts'
import { GlobSyntaxError } from './glob.ts'
import { lowerCase } from './lower-case.ts'
import { compilePattern, matchesLastName, matchesPattern, mayMatchBelow, type Pattern } from './pattern.ts'

/** A pattern as it was written. */
export interface PatternText {
  /** A byte string. */
  readonly text: string
  /** Where it was written, for messages: `file:line` or an option's name. */
  readonly origin: string
}

export interface PatternListOptions {
  readonly ignoreCase?: boolean
}

/** Patterns in order: a path that one matches is in, until a later negated one takes it back. */
export class PatternList {
  readonly #patterns: readonly Pattern[]
  readonly #ignoreCase: boolean
  /** Entries of one directory come one after the other: what is true of the directory is found out once. */
  #directory: string | undefined
  #names: string[] = []
  #directoryMatches: boolean[] = []

  /** @throws {InvalidInputError} patterns that cannot be understood, all of them in one message */
  constructor(patterns: readonly PatternText[], options: PatternListOptions = {}) {
    this.#ignoreCase = options.ignoreCase ?? false
    this.#patterns = compileAll(this.#ignoreCase ? patterns.map(inLowerCase) : patterns)
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0
  }

  /** @param path absolute byte string other than `/`; a match of a directory above it counts */
  matches(path: string): boolean {
    const names = this.#namesOf(path)
    let matched = false
    for (let index = 0; index < this.#patterns.length; index++) {
      const pattern = this.#patterns[index]
      if (pattern === undefined || matched !== pattern.negated) continue
      if (this.#directoryMatches[index] === true || matchesLastName(pattern, names)) matched = !pattern.negated
    }
    return matched
  }

  /** Whether something below the directory at `path` may match. */
  mayMatchBelow(path: string): boolean {
    const names = this.#namesOf(path)
    let possible = false
    for (const pattern of this.#patterns) {
      if (pattern.negated) possible &&= !matchesPattern(pattern, names)
      else possible ||= mayMatchBelow(pattern, names)
    }
    return possible
  }

  #namesOf(path: string): readonly string[] {
    const cased = this.#ignoreCase ? lowerCase(path) : path
    const slash = cased.lastIndexOf('/')
    const directory = cased.slice(0, slash)
    if (directory !== this.#directory) {
      const above = pathComponents(directory)
      this.#directory = directory
      this.#directoryMatches = this.#patterns.map((pattern) => matchesPattern(pattern, above))
      this.#names = [...above, '']
    }
    this.#names[this.#names.length - 1] = cased.slice(slash + 1)
    return this.#names
  }
}

function compileAll(patterns: readonly PatternText[]): readonly Pattern[] {
  const compiled: Pattern[] = []
  const problems: string[] = []
  for (const { text, origin } of patterns) {
    if (text === '') continue
    try {
      compiled.push(compilePattern(text))
    } catch (error) {
      if (!(error instanceof GlobSyntaxError)) throw error
      problems.push(`${origin}: pattern ${printablePath(text)}: ${error.message}`)
    }
  }
  if (problems.length === 0) return compiled
  throw new InvalidInputError(problems.join('; '), {
    hint: 'put a backslash before a bracket or backslash meant itself',
  })
}

function inLowerCase({ text, origin }: PatternText): PatternText {
  return { text: lowerCase(text), origin }
}
