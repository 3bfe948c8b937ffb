import type { DirectoryEntry, Entry } from '@hikae/engine'
import { madeDirectory } from '../../sources/made-entry.ts'
import { ArchiveError } from '../archive-error.ts'
import { type LostLink, type MemberPlace, shown, type TarDirectory, type TarFile } from './contents.ts'
import { type FileIdentity, inodeOf, memberContent, memberDirectory, memberEntry, ONLY_NAME } from './member-entry.ts'
import { readMember, type TarMember } from './member.ts'
import type { TarBytes } from './tar-bytes.ts'

/** What the entries of an archive are made from. */
export interface TarSource {
  readonly bytes: TarBytes
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
  if (node.place === undefined) return directoryEntry(name, node, source)
  return memberDirectory(name, await memberAt(source.bytes, node.place), () => childEntries(node, source))
}

async function fileEntry(name: string, file: TarFile, { bytes }: TarSource): Promise<Entry> {
  const member = await memberAt(bytes, file)
  return memberEntry(name, member, identityOf(file), () => memberContent(bytes, member))
}

function identityOf({ names, firstName }: TarFile): FileIdentity {
  if (names < 2 || firstName === undefined) return { ...ONLY_NAME, links: BigInt(names) }
  return { inode: inodeOf(firstName), links: BigInt(names) }
}

async function memberAt(bytes: TarBytes, { at, globals }: MemberPlace): Promise<TarMember> {
  return (await readMember(bytes, at, globals))!.member
}

function unreadable({ name, target }: LostLink): Entry {
  const error = new ArchiveError(`it is a hard link to ${shown(target)}, which is not before it in the archive`, {
    hint: 'import the archive that has that file too',
  })
  return { kind: 'unreadable', path: shown(name), error }
}
