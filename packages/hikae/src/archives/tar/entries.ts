import { createHash } from 'node:crypto'
import type { DirectoryEntry, Entry, EntryMetadata } from '@hikae/engine'
import { madeDirectory } from '../../sources/made-entry.ts'
import { ArchiveError } from '../archive-error.ts'
import type { FileBytes } from '../file-bytes.ts'
import { type LostLink, type MemberPlace, shown, type TarDirectory, type TarFile } from './contents.ts'
import { readMember, type TarMember } from './member.ts'

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

/** What the entries of an archive are made from. */
export interface TarSource {
  readonly bytes: FileBytes
  /** Nanoseconds: of directories that the archive does not tell of. */
  readonly timeNs: bigint
}

/** A directory of an archive as a backup reads it; headers are read again on the way. */
export function directoryEntry(name: string, directory: TarDirectory, source: TarSource): DirectoryEntry {
  return madeDirectory(name, () => childEntries(directory, source), { timeNs: source.timeNs, mode: 0o755 })
}

async function* childEntries(directory: TarDirectory, source: TarSource): AsyncGenerator<Entry, void, undefined> {
  for (const [name, node] of directory.children) {
    if (node.kind === 'lost-link') yield unreadable(node)
    else if (node.kind === 'file') yield await fileEntry(name, node, source)
    else yield await knownDirectory(name, node, source)
  }
}

async function knownDirectory(name: string, node: TarDirectory, source: TarSource): Promise<DirectoryEntry> {
  const entry = directoryEntry(name, node, source)
  if (node.place === undefined) return entry
  const member = await memberAt(source.bytes, node.place)
  return { ...entry, metadata: metadataOf(member), ...attributesOf(member) }
}

async function fileEntry(name: string, file: TarFile, { bytes }: TarSource): Promise<Entry> {
  const member = await memberAt(bytes, file)
  const common = { name, metadata: metadataOf(member, file), ...attributesOf(member) }
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
      return { kind: 'file', ...common, content: { kind: 'stream', open: () => contentOf(bytes, member) } }
  }
}

async function memberAt(bytes: FileBytes, { at, globals }: MemberPlace): Promise<TarMember> {
  return (await readMember(bytes, at, globals))!.member
}

/** Stored stretches, and zeros between them. */
async function* contentOf(bytes: FileBytes, { extents, size }: TarMember): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0
  for (const { offset, length, at } of extents) {
    yield* zeros(offset - done)
    yield* bytes.stretch(at, length)
    done = offset + length
  }
  yield* zeros(size - done)
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left)
}

/** The size stays 0, so that content is always read: equal times alone do not prove that a file is the one of before. */
function metadataOf(member: TarMember, file?: TarFile): EntryMetadata {
  const { mode, uid, gid, mtimeNs, atimeNs, rdev } = member
  const firstName = file !== undefined && file.names > 1 ? file.firstName : undefined
  return {
    mode: TYPE_BITS[member.kind] | mode,
    uid,
    gid,
    mtimeNs,
    atimeNs,
    ctimeNs: mtimeNs,
    inode: firstName === undefined ? 0n : inodeOf(firstName),
    deviceId: 0n,
    links: BigInt(file?.names ?? 1),
    rdev,
    size: 0,
  }
}

/** Restoring joins the names of one file by its number, which the archive lacks; the same in every archive. */
function inodeOf(path: string): bigint {
  return createHash('sha256').update(path, 'latin1').digest().readBigUInt64BE()
}

function attributesOf({ extendedAttributes }: TarMember): Pick<DirectoryEntry, 'extendedAttributes'> {
  return extendedAttributes.length === 0 ? {} : { extendedAttributes: () => extendedAttributes }
}

function unreadable({ name, target }: LostLink): Entry {
  const error = new ArchiveError(`it is a hard link to ${shown(target)}, which is not before it in the archive`, {
    hint: 'import the archive that has that file too',
  })
  return { kind: 'unreadable', path: shown(name), error }
}
