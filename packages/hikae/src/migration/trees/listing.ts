import { type BytePath, printablePath } from '../../sources/swap/byte-path.ts'

/** What is known of one entry of a tree. */
export interface Listed {
  /** See `factsOf`. */
  readonly facts: string
  /** SHA-256 of a file's content, as a byte string; absent for what has none of its own. */
  readonly digest?: string
  /** See `stampOf`; absent where files have to be read to know them. */
  readonly stamp?: string
}

/** A tree by its paths. About 350 bytes of memory for each entry. */
export type Listing = ReadonlyMap<BytePath, Listed>

export interface Difference {
  readonly path: BytePath
  readonly what: string
}

/** What makes a copy differ from what it was made of; at most as many as are worth telling. */
export function differencesBetween(source: Listing, copy: Listing, most: number): Difference[] {
  const differences: Difference[] = []
  for (const [path, wanted] of source) {
    if (differences.length >= most) return differences
    const there = copy.get(path)
    if (!there) differences.push({ path, what: 'is missing' })
    else if (there.facts !== wanted.facts)
      differences.push({ path, what: `is ${there.facts}, and not ${wanted.facts}` })
    else if (there.digest !== wanted.digest) differences.push({ path, what: 'has another content' })
  }
  for (const path of copy.keys()) {
    if (differences.length >= most) return differences
    if (!source.has(path)) differences.push({ path, what: 'should not be there' })
  }
  return differences
}

/** For messages. */
export function differenceText({ path, what }: Difference): string {
  return `${path === '' ? 'its folder' : printablePath(path)} ${printablePath(what)}`
}

/** Paths that are gone, of each folder that is gone only itself. */
export function goneFrom(before: Listing, now: Listing): BytePath[] {
  const gone: BytePath[] = []
  for (const path of before.keys()) {
    const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
    if (!now.has(path) && now.has(parent)) gone.push(path)
  }
  return gone
}
