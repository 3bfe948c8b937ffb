import { InputError } from '../../errors.ts'
import type { BytePath } from '../../sources/swap/byte-path.ts'
import { differencesBetween, differenceText, goneFrom, type Listing } from '../trees/listing.ts'
import { listTree } from '../trees/list-tree.ts'
import type { Detail } from '../trees/entry-facts.ts'
import { SentTree, type SendOptions } from '../trees/sent-tree.ts'
import { fillPlace, PLACE_NAME, removeFrom } from './archive-place.ts'
import { type PlaceAt, placeName, withTree } from './place.ts'

/** A place and its copy on the other engine, as far as the copy has come. */
export interface PlacePair {
  readonly from: PlaceAt
  readonly to: PlaceAt
}

/** What a pass has copied, as both sides have it. */
export interface CopiedPlace {
  readonly source: Listing
  readonly copy: Listing
  /** Entries that were sent; directories are not counted. */
  readonly changes: number
  /** Extended attributes that an engine cannot write. */
  readonly lostAttributes: number
}

export interface PassOptions {
  /** Of content, read or sent. */
  readonly onBytes: (bytes: number) => void
  readonly signal: AbortSignal
}

/** Of differences. */
const MOST_NAMED = 5

/** Copies all of a place while something may write to it, and compares what can be compared then. */
export async function copyLive(pair: PlacePair, options: PassOptions): Promise<CopiedPlace> {
  const sent = await send(pair, { ...options, isLive: true })
  const copy = await listCopy(pair, options)
  const { listing: source, changes, lostAttributes } = sent
  return { source, copy, changes, lostAttributes }
}

/**
 * Brings over what has changed since, with nobody writing to the place any more, and compares all of it.
 *
 * @throws {InputError} the copy differs
 */
export async function copyStill(pair: PlacePair, before: CopiedPlace, options: PassOptions): Promise<CopiedPlace> {
  // What the other side has is what counts, whatever was meant to be sent.
  let known = withStamps(before.copy, before.source)
  let sent = await send(pair, { ...options, isLive: false, known })
  let { changes } = sent
  if (sent.missed.size > 0) {
    const suspects = sent.missed
    known = sent.listing
    sent = await send(pair, { ...options, isLive: false, known, suspects })
    changes += sent.changes
  }
  const gone = goneFrom(before.copy, sent.listing)
  await removeGone(pair, gone, sent, options.signal)
  changes += gone.length
  const isAsBefore = changes === 0 && differencesBetween(sent.listing, before.copy, 1).length === 0
  const copy = isAsBefore ? before.copy : await listCopy(pair, options, before.copy)
  const differences = differencesBetween(sent.listing, copy, MOST_NAMED)
  if (differences.length > 0) throw different(pair, differences.map(differenceText))
  return { source: sent.listing, copy, changes, lostAttributes: before.lostAttributes }
}

async function send(pair: PlacePair, options: Omit<SendOptions, 'top' | 'detail' | 'now'>): Promise<SentTree> {
  const { tarOfEntries } = await import('@hikae/engine')
  const { engine, place } = pair.to
  const { signal } = options
  return await withTree(pair.from, signal, async (root) => {
    const sent = new SentTree(root, { ...options, top: PLACE_NAME, detail: detailOf(pair), now: Date.now })
    await fillPlace({ engine, place, signal }, tarOfEntries(sent.entries()))
    return sent
  })
}

async function removeGone(
  { to: { engine, place } }: PlacePair,
  gone: readonly BytePath[],
  sent: SentTree,
  signal: AbortSignal,
): Promise<void> {
  if (gone.length === 0) return
  const { tarOfEntries } = await import('@hikae/engine')
  const target = { engine, place, signal }
  await removeFrom(target, gone)
  await fillPlace(target, tarOfEntries(sent.foldersOf(gone)))
}

async function listCopy(pair: PlacePair, { onBytes, signal }: PassOptions, known?: Listing): Promise<Listing> {
  const options = { detail: detailOf(pair), onBytes, signal, ...(known === undefined ? {} : { known }) }
  return await withTree(pair.to, signal, (root) => listTree(root, options))
}

function detailOf({ from, to }: PlacePair): Detail {
  return from.way.kind === 'direct' && to.way.kind === 'direct' ? 'all' : 'archive'
}

/** What the copy has; a file that came over as it was is known again by how it looked on the source. */
function withStamps(copy: Listing, source: Listing): Listing {
  const known = new Map<string, { facts: string; digest?: string; stamp?: string }>()
  for (const [path, { facts, digest }] of copy) {
    const there = source.get(path)
    const isSame = there?.facts === facts && there.digest === digest
    known.set(path, {
      facts,
      ...(digest === undefined ? {} : { digest }),
      ...(isSame && there.stamp !== undefined ? { stamp: there.stamp } : {}),
    })
  }
  return known
}

function different({ from, to }: PlacePair, differences: readonly string[]): InputError {
  return new InputError(
    `the copy of ${placeName(from.place)} at ${to.engine.address} differs: ${differences.join('; ')}`,
    { hint: 'look for what else writes to it on either host, and at the logs of both engines, then try again' },
  )
}
