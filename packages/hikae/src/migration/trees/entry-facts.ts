import type { EntryMetadata, ExtendedAttribute } from '@hikae/engine'
import type { WalkedEntry } from './walk-tree.ts'

/**
 * How much of two trees can be compared: through the engine's archive API, times are whole seconds and extended attributes do
 * not come.
 */
export type Detail = 'all' | 'archive'

const SECOND_NS = 1_000_000_000n

/** Everything about an entry but its content, so that two of them are alike when these are. */
export function factsOf({ entry, link }: WalkedEntry, detail: Detail): string {
  const { mode, uid, gid, size, rdev } = entry.metadata
  const facts = [entry.kind, (mode & 0o7777).toString(8), `${uid}:${gid}`, timeOf(entry.metadata, detail)]
  if (entry.kind === 'file') facts.push(`${size}`)
  if (entry.kind === 'symlink') facts.push(`-> ${entry.target}`)
  if (entry.kind === 'block-device' || entry.kind === 'character-device') facts.push(`${rdev}`)
  if (link !== undefined) facts.push(`= ${link}`)
  if (detail === 'all' && link === undefined) facts.push(attributesOf(entry))
  return facts.join(' ').trimEnd()
}

/** By what a file in a folder of this host is known to be the same as before without reading it. */
export function stampOf({ size, mtimeNs, ctimeNs, inode, deviceId }: EntryMetadata): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${inode} ${deviceId}`
}

/** The engine writes no times before 1970. */
function timeOf({ mtimeNs }: EntryMetadata, detail: Detail): string {
  const ns = mtimeNs < 0n ? 0n : mtimeNs
  return `${detail === 'all' ? ns : ns / SECOND_NS}`
}

function attributesOf(entry: WalkedEntry['entry']): string {
  const attributes = (entry.extendedAttributes?.() ?? []).filter(isWritable)
  return attributes
    .map(({ name, value }) => `${name}=${Buffer.from(value ?? []).toString('hex')}`)
    .toSorted()
    .join(' ')
}

/** An engine loses attributes without content, and those with an equals sign in their names. */
export function isWritable({ name, value }: ExtendedAttribute): boolean {
  return value !== null && value.length > 0 && !name.includes('=')
}
