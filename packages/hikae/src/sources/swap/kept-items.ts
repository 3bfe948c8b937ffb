import { type BytePath, childPath, nameOf, parentPath } from './byte-path.ts'
import { lookAt } from './move.ts'
import {
  keptFolderName,
  type KeptMark,
  keptName,
  parseBesideName,
  parseKeptFolderName,
  parseKeptName,
} from './names.ts'
import { namesIn } from './names-in.ts'

/** At the top of a file system; it stays where it is. */
const LOST_AND_FOUND = 'lost+found'

/** One thing that a restore has replaced. */
export interface KeptItem {
  /** The folder that an undo of it works in, on the same file system. */
  readonly folder: BytePath
  /** Where it was, and is to be again. */
  readonly live: BytePath
  /** Where it is kept; absent when nothing was there before. */
  readonly kept?: BytePath
  /** It was in the folder that is kept of a mount point, not beside. */
  readonly isContent?: boolean
}

/** What one restore has replaced. */
export interface KeptMoment extends KeptMark {
  readonly items: readonly KeptItem[]
}

/** What is kept of one path, beside it. */
export async function keptBeside(live: BytePath): Promise<KeptMoment[]> {
  const folder = parentPath(live)
  return (await namesIn(folder)).flatMap((name) => {
    const mark = parseKeptName(name, nameOf(live))
    return mark ? [{ ...mark, items: [{ folder, live, kept: childPath(folder, name) }] }] : []
  })
}

/** What is kept of the content of a folder that could not be replaced itself, in it; what is empty says nothing. */
export async function keptWithin(folder: BytePath): Promise<KeptMoment[]> {
  const moments: KeptMoment[] = []
  for (const name of await namesIn(folder)) {
    const mark = parseKeptFolderName(name)
    const place = childPath(folder, name)
    const names = mark && (await lookAt(place))?.isDirectory() ? await namesIn(place) : []
    if (!mark || names.length === 0) continue
    const items = names.map((kept) => {
      return { folder, live: childPath(folder, kept), kept: childPath(place, kept), isContent: true }
    })
    moments.push({ ...mark, items })
  }
  return moments
}

/** All that is in a folder and was not before, if its content was replaced: what is ours stays. */
export async function addedContent({ items }: KeptMoment): Promise<KeptItem[]> {
  const folders = new Set(items.filter(({ isContent }) => isContent).map(({ folder }) => folder))
  const known = new Set(items.map(({ live }) => live))
  const added: KeptItem[] = []
  for (const folder of folders) {
    const names = (await namesIn(folder)).filter((name) => !staysAtTop(name))
    const paths = names.map((name) => childPath(folder, name)).filter((path) => !known.has(path))
    added.push(...paths.map((live) => ({ folder, live, isContent: true })))
  }
  return added
}

/** Whether something at the top of a mount point stays where it is when the content is replaced. */
export function staysAtTop(name: string): boolean {
  return name === LOST_AND_FOUND || parseBesideName(name) !== undefined || parseKeptFolderName(name) !== undefined
}

/** Where that is kept which is in the place of an item, by the same rule as when that was replaced. */
export function placeToKeep({ folder, live, isContent = false }: KeptItem, stamp: string): BytePath {
  if (isContent) return childPath(childPath(folder, keptFolderName(stamp)), nameOf(live))
  return childPath(parentPath(live), keptName(nameOf(live), stamp))
}

/** One restore for each time, newest first. */
export function byMoment(moments: readonly KeptMoment[]): KeptMoment[] {
  const groups = Map.groupBy(moments, ({ stamp, number }) => `${stamp}-${String(number).padStart(6, '0')}`)
  return [...groups]
    .toSorted(([one], [other]) => (one < other ? 1 : -1))
    .map(([, [first, ...others]]) => ({
      stamp: first!.stamp,
      number: first!.number,
      items: [first!, ...others].flatMap(({ items }) => items),
    }))
}
