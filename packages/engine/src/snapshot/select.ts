import { posix } from 'node:path'
import { InvalidInputError, KnownError } from '../errors.ts'
import { shortId } from '../ids.ts'
import { parseTime } from '../json/go-time.ts'
import type { Snapshot, StoredSnapshot } from './snapshot.ts'

/** Conditions that must all hold; an absent or empty list is none. */
export interface SnapshotFilter {
  /** One of these hosts. */
  readonly hosts?: readonly string[]
  /** All tags of one of these lists; the list of one empty tag means snapshots without tags. */
  readonly tags?: readonly (readonly string[])[]
  /** All of these paths, perhaps among others. */
  readonly paths?: readonly string[]
}

export function matchesFilter(snapshot: Snapshot, filter: SnapshotFilter): boolean {
  const { hosts = [], tags = [], paths = [] } = filter
  if (hosts.length > 0 && !hosts.includes(snapshot.hostname ?? '')) return false
  if (tags.length > 0 && !tags.some((list) => hasTags(snapshot, list))) return false
  return paths.every((path) => snapshot.paths.includes(path))
}

function hasTags({ tags = [] }: Snapshot, wanted: readonly string[]): boolean {
  if (tags.length === 0 && wanted.includes('')) return true
  return wanted.every((tag) => tags.includes(tag))
}

/** Sorted by instant, whatever the zones; equal instants in order of ids. */
export function newestFirst(snapshots: Iterable<StoredSnapshot>): StoredSnapshot[] {
  const dated = Array.from(snapshots, (snapshot) => ({ snapshot, ns: parseTime(snapshot.time) }))
  dated.sort((a, b) => (a.ns > b.ns ? -1 : a.ns < b.ns ? 1 : a.snapshot.id < b.snapshot.id ? -1 : 1))
  return dated.map(({ snapshot }) => snapshot)
}

/** The newest snapshot that matches. */
export function latest(snapshots: readonly StoredSnapshot[], filter: SnapshotFilter = {}): StoredSnapshot | undefined {
  return newestFirst(snapshots.filter((snapshot) => matchesFilter(snapshot, filter)))[0]
}

export interface ResolvedSnapshot {
  readonly snapshot: StoredSnapshot
  /** Absolute and normalised place inside the snapshot; `/` for all of it. Text, not raw bytes. */
  readonly path: string
}

const LATEST = /^latest(?:~(\d{1,6}))?$/
const ID_PREFIX = /^[0-9a-f]{1,64}$/i

/**
 * The snapshot that a person means by `latest`, `latest~2` (the second before it) or the first digits of an id, each
 * perhaps followed by `:` and a path inside.
 *
 * @param filter narrows what `latest` counts; an id is an id
 * @throws {SnapshotNotFoundError} nothing is meant by it
 * @throws {AmbiguousSnapshotError} several ids begin so
 * @throws {InvalidInputError} neither `latest` nor digits of an id
 */
export function resolveSnapshot(
  snapshots: readonly StoredSnapshot[],
  spec: string,
  filter: SnapshotFilter = {},
): ResolvedSnapshot {
  const colon = spec.indexOf(':')
  const name = colon === -1 ? spec : spec.slice(0, colon)
  const path = posix.resolve('/', colon === -1 ? '' : spec.slice(colon + 1).replace(/^\/+/, ''))
  const back = LATEST.exec(name)
  if (back !== null) return { snapshot: countBack(snapshots, Number(back[1] ?? 0), filter), path }
  return { snapshot: findByPrefix(snapshots, name), path }
}

function countBack(snapshots: readonly StoredSnapshot[], steps: number, filter: SnapshotFilter): StoredSnapshot {
  const matching = newestFirst(snapshots.filter((snapshot) => matchesFilter(snapshot, filter)))
  const snapshot = matching[steps]
  if (snapshot !== undefined) return snapshot
  const wanted = steps === 0 ? 'latest' : `latest~${steps}`
  throw new SnapshotNotFoundError(`no snapshot is ${wanted}: ${matching.length} of ${snapshots.length} match`)
}

function findByPrefix(snapshots: readonly StoredSnapshot[], prefix: string): StoredSnapshot {
  if (!ID_PREFIX.test(prefix)) {
    throw new InvalidInputError(`${JSON.stringify(prefix)} names no snapshot`, {
      hint: 'give the first digits of its id, or latest, or latest~1 for the one before',
    })
  }
  const digits = prefix.toLowerCase()
  const found = snapshots.filter(({ id }) => id.startsWith(digits))
  if (found.length > 1) throw new AmbiguousSnapshotError(prefix, newestFirst(found))
  if (found[0] === undefined) throw new SnapshotNotFoundError(`no snapshot has an id that begins with ${prefix}`)
  return found[0]
}

/** Nothing in the repository is what was asked for. */
export class SnapshotNotFoundError extends KnownError {
  override readonly name = 'SnapshotNotFoundError'
  readonly code = 'SNAPSHOT_NOT_FOUND'

  constructor(message: string) {
    super(message, { hint: 'run `hikae snapshots` to see what there is' })
  }
}

const MOST_CANDIDATES = 10

/** Several snapshots have ids that begin with the digits given. */
export class AmbiguousSnapshotError extends KnownError {
  override readonly name = 'AmbiguousSnapshotError'
  readonly code = 'SNAPSHOT_AMBIGUOUS'
  readonly candidates: readonly StoredSnapshot[]

  constructor(prefix: string, candidates: readonly StoredSnapshot[]) {
    const shown = candidates.slice(0, MOST_CANDIDATES).map(({ id, time }) => `${shortId(id)} (${time})`)
    const more = candidates.length > MOST_CANDIDATES ? `, and ${candidates.length - MOST_CANDIDATES} more` : ''
    super(`${candidates.length} snapshots have ids that begin with ${prefix}: ${shown.join(', ')}${more}`, {
      hint: 'give more digits of the id',
    })
    this.candidates = candidates
  }
}

export type GroupingKey = 'host' | 'paths' | 'tags'

export interface SnapshotGroup {
  /** What the group's snapshots have in common, lists sorted; absent what was not asked for. */
  readonly hostname?: string
  readonly paths?: readonly string[]
  readonly tags?: readonly string[]
  /** Newest first. */
  readonly snapshots: readonly StoredSnapshot[]
}

/** Groups in a stable order; one group of all when nothing is asked for, none when there are no snapshots (§18). */
export function groupSnapshots(
  snapshots: readonly StoredSnapshot[],
  by: readonly GroupingKey[] = ['host', 'paths'],
): SnapshotGroup[] {
  const groups = Map.groupBy(newestFirst(snapshots), (snapshot) => JSON.stringify(commonOf(snapshot, by)))
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([, members]) => ({ ...commonOf(members[0]!, by), snapshots: members }))
}

function commonOf(snapshot: StoredSnapshot, by: readonly GroupingKey[]): Omit<SnapshotGroup, 'snapshots'> {
  return {
    ...(by.includes('host') ? { hostname: snapshot.hostname ?? '' } : {}),
    ...(by.includes('paths') ? { paths: [...snapshot.paths].sort() } : {}),
    ...(by.includes('tags') ? { tags: [...(snapshot.tags ?? [])].sort() } : {}),
  }
}
