import type { Entry, ExtendedAttribute } from '@hikae/engine'

/**
 * How much of two trees can be compared. Docker's archives have times in whole seconds, and of extended attributes only
 * capabilities.
 */
export type Exactness = 'all' | 'as-archives'

/** An entry that is there. */
export type KnownEntry = Exclude<Entry, { readonly kind: 'unreadable' }>

const SECOND_NS = 1_000_000_000n
const CAPABILITY = 'security.capability'

/**
 * In what something is not as it was saved, but for the content of files; for messages.
 *
 * @returns undefined when it is the same
 */
export function entryDifference(saved: KnownEntry, present: KnownEntry, exactness: Exactness): string | undefined {
  if (saved.kind !== present.kind) return `is a ${present.kind} now, and was a ${saved.kind}`
  const [before, now] = [saved.metadata, present.metadata]
  if (before.mode !== now.mode) return `has the mode ${octal(now.mode)} now, and had ${octal(before.mode)}`
  if (before.uid !== now.uid || before.gid !== now.gid) {
    return `belongs to ${now.uid}:${now.gid} now, and belonged to ${before.uid}:${before.gid}`
  }
  if (saved.kind === 'symlink' && present.kind === 'symlink' && saved.target !== present.target)
    return 'leads elsewhere'
  if (before.rdev !== now.rdev) return 'is another device'
  // Of a further name of a file, an archive says neither how large it is nor which attributes it has.
  const isFurther = isLink(saved) || isLink(present)
  if (saved.kind === 'file' && !isFurther && before.size !== now.size) {
    return `has ${now.size} bytes now, and had ${before.size}`
  }
  if (timeOf(before.mtimeNs, exactness) !== timeOf(now.mtimeNs, exactness)) return 'was changed at another time'
  const isAlike = isFurther || attributesOf(saved, exactness) === attributesOf(present, exactness)
  return isAlike ? undefined : 'has other attributes'
}

function isLink(entry: KnownEntry): boolean {
  return entry.kind === 'file' && entry.content.kind === 'link'
}

function timeOf(ns: bigint, exactness: Exactness): bigint {
  return exactness === 'all' ? ns : (ns - (((ns % SECOND_NS) + SECOND_NS) % SECOND_NS)) / SECOND_NS
}

function attributesOf(entry: KnownEntry, exactness: Exactness): string {
  const all = entry.extendedAttributes?.() ?? []
  return all
    .filter(({ name }) => exactness === 'all' || name === CAPABILITY)
    .map(attributeText)
    .toSorted()
    .join('\n')
}

function attributeText({ name, value }: ExtendedAttribute): string {
  return `${Buffer.from(name, 'latin1').toString('hex')}=${Buffer.from(value ?? []).toString('hex')}`
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8)
}
