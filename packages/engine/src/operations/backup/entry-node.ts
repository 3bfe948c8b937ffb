import type { Entry, EntryMetadata, UnreadableEntry } from '../../entry.ts'
import { groupName, userName } from '../../filesystem/owners.ts'
import type { BlobId, TreeId } from '../../ids.ts'
import { formatTime } from '../../json/go-time.ts'
import { goMode, nodeTypeOf } from '../../tree/mode.ts'
import type { ExtendedAttribute, Node } from '../../tree/node.ts'

export type StorableEntry = Exclude<Entry, UnreadableEntry>

/** What a node gets besides the entry's own metadata. */
export interface NodeParts {
  readonly content?: readonly BlobId[] | null
  /** Bytes of content that were stored. */
  readonly size?: number
  readonly subtree?: TreeId
  readonly attributes?: readonly ExtendedAttribute[]
  readonly withAtime: boolean
}

/** The node of an entry (§10). `metadata` is the entry's own, or what the open file said. */
export function entryNode(entry: StorableEntry, metadata: EntryMetadata, parts: NodeParts): Node {
  const mtime = formatTime(metadata.mtimeNs)
  const type = nodeTypeOf(metadata.mode)
  const user = metadata.user ?? userName(metadata.uid)
  const group = metadata.group ?? groupName(metadata.gid)
  const size = parts.size ?? metadata.size
  const isDevice = type === 'dev' || type === 'chardev'
  return {
    name: entry.name,
    type,
    mode: goMode(metadata.mode),
    mtime,
    atime: parts.withAtime ? formatTime(metadata.atimeNs) : mtime,
    ctime: formatTime(metadata.ctimeNs),
    uid: metadata.uid,
    gid: metadata.gid,
    ...(user ? { user } : {}),
    ...(group ? { group } : {}),
    inode: metadata.inode,
    deviceId: metadata.deviceId,
    ...(type === 'file' ? { size } : {}),
    ...(type === 'file' || type === 'symlink' || isDevice ? { links: metadata.links } : {}),
    ...(entry.kind === 'symlink' ? { linkTarget: entry.target } : {}),
    ...(parts.attributes && parts.attributes.length > 0 ? { extendedAttributes: parts.attributes } : {}),
    ...(isDevice ? { device: metadata.rdev } : {}),
    content: parts.content ?? null,
    ...(parts.subtree ? { subtree: parts.subtree } : {}),
  }
}
