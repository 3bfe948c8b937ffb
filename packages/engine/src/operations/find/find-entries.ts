import { InvalidInputError } from '../../errors.ts'
import { pathComponents, printablePath } from '../../filesystem/byte-path.ts'
import { GlobSyntaxError } from '../../filter/glob.ts'
import { lowerCase } from '../../filter/lower-case.ts'
import { compilePattern, matchesPattern, mayMatchBelow, type Pattern } from '../../filter/pattern.ts'
import type { TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import { sha256Id } from '../../crypto/hash.ts'
import { parseTime } from '../../json/go-time.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import type { Node } from '../../tree/node.ts'
import { walkInOrder } from '../ordered-walk.ts'

export interface EntryQuery {
  /** Byte strings, as restic's (§15): one is enough, and what lies in a directory that fits is found too. */
  readonly patterns: readonly string[]
  /** Upper and lower case are the same; false by default. */
  readonly ignoreCase?: boolean
  /** Modification time in ns since 1970, both ends included. */
  readonly oldest?: bigint
  readonly newest?: bigint
}

export interface FindOptions {
  readonly signal?: AbortSignal
  /** A directory could not be read; the search goes on. Thrown when there is nobody to tell. */
  readonly onUnreadable?: (snapshot: StoredSnapshot, path: string, error: unknown) => void
}

export interface FoundEntry {
  readonly snapshot: StoredSnapshot
  /** Absolute byte string. */
  readonly path: string
  readonly node: Node
}

/**
 * Searches snapshots for entries by name and time, in the order given. A directory that is the same as in an earlier
 * snapshot, and had nothing to find there, is not read again: 50 bytes of memory for each.
 *
 * @throws {InvalidInputError} a pattern that cannot be understood, or none
 */
export async function* findEntries(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  query: EntryQuery,
  options: FindOptions = {},
): AsyncGenerator<FoundEntry> {
  const search = new EntrySearch(query)
  for (const snapshot of snapshots) {
    for await (const { path, node } of search.walk(repository, snapshot, options)) {
      if (search.finds(path, node)) yield { snapshot, path, node }
    }
  }
}

class EntrySearch {
  readonly #query: EntryQuery
  readonly #patterns: readonly Pattern[]
  /** Directories, by tree and path, below which nothing was found. */
  readonly #barren = new IdSet()
  #found = 0

  constructor(query: EntryQuery) {
    this.#query = query
    this.#patterns = compilePatterns(query)
  }

  walk(repository: Repository, snapshot: StoredSnapshot, { signal, onUnreadable }: FindOptions) {
    const foundBefore: number[] = []
    return walkInOrder(repository, snapshot.tree, {
      signal,
      descend: (path, subtree) => {
        if (this.#barren.has(placeId(path, subtree)) || !this.#mayFindBelow(path)) return false
        foundBefore.push(this.#found)
        return true
      },
      onLeave: (path, tree) => {
        // The root was entered without being asked for.
        if (path !== '/' && foundBefore.pop() === this.#found) this.#barren.add(placeId(path, tree))
      },
      ...(onUnreadable && {
        onUnreadable: (path: string, error: unknown) => {
          // Counted as a find, so that the next snapshot reports it as well.
          this.#found++
          onUnreadable(snapshot, path, error)
        },
      }),
    })
  }

  finds(path: string, { mtime }: Node): boolean {
    const names = this.#namesOf(path)
    if (!this.#patterns.some((pattern) => matchesPattern(pattern, names))) return false
    const { oldest, newest } = this.#query
    if (oldest !== undefined && parseTime(mtime) < oldest) return false
    if (newest !== undefined && parseTime(mtime) > newest) return false
    this.#found++
    return true
  }

  #mayFindBelow(path: string): boolean {
    const names = this.#namesOf(path)
    return this.#patterns.some((pattern) => mayMatchBelow(pattern, names))
  }

  #namesOf(path: string): string[] {
    return pathComponents(this.#query.ignoreCase ? lowerCase(path) : path)
  }
}

function compilePatterns({ patterns, ignoreCase }: EntryQuery): Pattern[] {
  const wanted = patterns.filter((pattern) => pattern !== '')
  if (wanted.length === 0) throw new InvalidInputError('there is no pattern to search for')
  return wanted.map((pattern) => {
    try {
      return compilePattern(ignoreCase ? lowerCase(pattern) : pattern)
    } catch (error) {
      if (!(error instanceof GlobSyntaxError)) throw error
      throw new InvalidInputError(`pattern ${printablePath(pattern)}: ${error.message}`, {
        hint: 'put a backslash before a bracket or backslash meant itself',
      })
    }
  })
}

function placeId(path: string, tree: TreeId) {
  return sha256Id(Buffer.from(tree + path, 'latin1'))
}
