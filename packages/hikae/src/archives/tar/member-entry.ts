import { createHash } from 'node:crypto'
import type { DirectoryEntry, Entry, EntryMetadata, FileEntry } from '@hikae/engine'
import type { TarMember } from './member.ts'
import type { TarBytes } from './tar-bytes.ts'

const TYPE_BITS = {
  file: 0o100_000,
  'hard-link': 0o100_000,
  directory: 0o040_000,
  symlink: 0o120_000,
  fifo: 0o010_000,
  'block-device': 0o060_000,
  'character-device': 0o020_000,
} as const
const ZEROS = Buffer.alloc(256 * 1024)

/** By what a restore knows the names of one file. */
export interface FileIdentity {
  readonly inode: bigint
  readonly links: bigint
}

export const ONLY_NAME: FileIdentity = { inode: 0n, links: 1n }

type Content = () => AsyncIterable<Uint8Array>

/** Of what is no file nothing is opened. */
const NOTHING: Content = () => (async function* () {})()

/** A member that is no directory, as an entry. */
export function memberEntry(name: string, member: TarMember, identity: FileIdentity, open = NOTHING): Entry {
  const common = { name, metadata: metadataOf(member, identity), ...attributesOf(member) }
  switch (member.kind) {
    case 'symlink':
      return { kind: 'symlink', ...common, target: member.target }
    case 'fifo':
    case 'block-device':
    case 'character-device':
      return { kind: member.kind, ...common }
    case 'file':
    case 'hard-link':
    case 'directory':
      // Equal times alone do not prove that a file is the one of before.
      return { kind: 'file', ...common, content: { kind: 'stream', open, isAlwaysRead: true } } satisfies FileEntry
  }
}

/** A further name of a file whose entry was given before. */
export function memberLink(name: string, member: TarMember, identity: FileIdentity): FileEntry {
  return { kind: 'file', name, metadata: metadataOf(member, identity), content: { kind: 'link' } }
}

/** A member that is a directory, as an entry. */
export function memberDirectory(name: string, member: TarMember, children: DirectoryEntry['children']): DirectoryEntry {
  return { kind: 'directory', name, metadata: metadataOf(member, ONLY_NAME), ...attributesOf(member), children }
}

/** Stored stretches, and zeros between them. */
export async function* memberContent(
  bytes: TarBytes,
  { extents, size }: TarMember,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0
  for (const { offset, length, at } of extents) {
    yield* zeros(offset - done)
    yield* bytes.stretch(at, length)
    done = offset + length
  }
  yield* zeros(size - done)
}

/** Restoring joins the names of one file by its number, which an archive lacks; the same in every archive. */
export function inodeOf(path: string): bigint {
  return createHash('sha256').update(path, 'latin1').digest().readBigUInt64BE()
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left)
}

function metadataOf(member: TarMember, { inode, links }: FileIdentity): EntryMetadata {
  const { mode, uid, gid, mtimeNs, atimeNs, rdev } = member
  return {
    mode: TYPE_BITS[member.kind] | mode,
    ...{ uid, gid, user: textOf(member.user), group: textOf(member.group) },
    ...{ mtimeNs, atimeNs, ctimeNs: mtimeNs },
    ...{ inode, deviceId: 0n, links, rdev, size: member.size },
  }
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString()
}

function attributesOf({ extendedAttributes }: TarMember): Pick<DirectoryEntry, 'extendedAttributes'> {
  return extendedAttributes.length === 0 ? {} : { extendedAttributes: () => extendedAttributes }
}
