import { readTreeFacts, type EntryFacts } from './tree-facts.ts'

export interface TreeDifference {
  /** Relative path, printable; `.` is the root. */
  readonly path: string
  readonly what: keyof EntryFacts | 'presence'
  readonly expected: string
  readonly actual: string
}

export interface CompareOptions {
  /** Facts that may differ, for instance `owner` when the test does not run as root. */
  readonly ignore?: readonly (keyof EntryFacts)[]
  /** Entries to leave out, on both sides: what the program under test rightly does not keep, such as sockets. */
  readonly without?: (path: string, facts: EntryFacts) => boolean
  /** Compare the roots themselves too; true by default. */
  readonly root?: boolean
  /**
   * Bytes that an actual file may occupy beyond the expected one: catches sparse files that came back full. Not looked
   * at by default, because file systems allocate as they please.
   */
  readonly allocationSlack?: number
}

const ALWAYS = ['type', 'mode', 'owner', 'mtimeNs', 'size', 'content', 'target', 'rdev', 'attributes'] as const

/**
 * Compares two directory trees byte for byte, metadata included: types, modes with set-id and sticky bits, owners, times
 * to the nanosecond, sizes, contents, link targets, groups of hard links, device numbers, extended attributes with ACLs.
 *
 * @returns every difference, in path order; empty when the trees are equal
 */
export async function compareTrees(
  expectedRoot: string,
  actualRoot: string,
  options: CompareOptions = {},
): Promise<TreeDifference[]> {
  const [expected, actual] = [await factsOf(expectedRoot, options), await factsOf(actualRoot, options)]
  const differences: TreeDifference[] = []
  for (const path of [...new Set([...expected.keys(), ...actual.keys()])].sort()) {
    for (const difference of compareEntries(expected.get(path), actual.get(path), options)) {
      differences.push({ path: printable(path), ...difference })
    }
  }
  return differences
}

async function factsOf(root: string, options: CompareOptions): Promise<Map<string, EntryFacts>> {
  const facts = await readTreeFacts(root)
  if (options.root === false) facts.delete('.')
  const left = new Set<string>()
  for (const [path, entry] of facts) {
    if (options.without?.(path, entry) !== true) continue
    facts.delete(path)
    left.add(path)
  }
  if (left.size === 0) return facts
  // Links to what was left out do not count either.
  return new Map([...facts].map(([path, entry]) => [path, withoutLinksTo(left, entry)]))
}

function withoutLinksTo(left: ReadonlySet<string>, entry: EntryFacts): EntryFacts {
  const { sameFile = [], ...others } = entry
  const remaining = sameFile.filter((path) => !left.has(path))
  return remaining.length > 1 ? { ...others, sameFile: remaining } : others
}

function* compareEntries(
  expected: EntryFacts | undefined,
  actual: EntryFacts | undefined,
  options: CompareOptions,
): Generator<Omit<TreeDifference, 'path'>> {
  if (expected === undefined || actual === undefined) {
    yield { what: 'presence', expected: expected?.type ?? 'absent', actual: actual?.type ?? 'absent' }
    return
  }
  for (const what of [...ALWAYS, 'sameFile'] as const) {
    if (options.ignore?.includes(what)) continue
    const [wanted, found] = [show(expected[what]), show(actual[what])]
    if (wanted !== found) yield { what, expected: wanted, actual: found }
  }
  const [least, most] = [expected.allocated ?? 0n, actual.allocated ?? 0n]
  if (options.allocationSlack !== undefined && most > least + BigInt(options.allocationSlack)) {
    yield { what: 'allocated', expected: `about ${least}`, actual: String(most) }
  }
}

function show(fact: EntryFacts[keyof EntryFacts]): string {
  if (fact === undefined) return 'none'
  return typeof fact === 'object' ? fact.map(printable).join('\n') : printable(String(fact))
}

/** Bytes outside of printable ASCII as `\xNN`. */
function printable(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- names may hold control characters
  return bytes.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
