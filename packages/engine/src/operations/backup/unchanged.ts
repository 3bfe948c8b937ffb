import type { BlobId } from '../../ids.ts'
import { parseTime } from '../../json/go-time.ts'
import { decodeNode } from '../../tree/decode.ts'
import type { Node } from '../../tree/node.ts'

export interface ChangeRules {
  readonly ignoreInode: boolean
  readonly ignoreCtime: boolean
}

export type Unchanged =
  /** Everything the file system tells is as it was; the parent's text is the node, attributes included. */
  | { readonly kind: 'identical'; readonly text: string; readonly content: readonly BlobId[] }
  /** The content is as it was, other metadata is not. */
  | { readonly kind: 'content'; readonly content: readonly BlobId[] }

const NO_CONTENT = '"content":null}'
const CONTENT = '"content":['
const ATTRIBUTES = '"extended_attributes":['

/**
 * Whether a file is the one that the parent snapshot has (§15): same size, mtime, ctime and inode.
 *
 * @param fresh canonical JSON of the node with content null and without attributes
 * @param node the same, decoded
 * @param parent the parent's node in canonical JSON
 */
export function findUnchanged(fresh: string, node: Node, parent: string, rules: ChangeRules): Unchanged | undefined {
  const metadataLength = fresh.length - NO_CONTENT.length
  // An equal change time also vouches for the extended attributes, which fresh does not have yet.
  if (
    parent.startsWith(fresh.slice(0, metadataLength)) &&
    (parent.startsWith(CONTENT, metadataLength) || parent.startsWith(ATTRIBUTES, metadataLength))
  ) {
    const content = contentOf(parent)
    if (content) return { kind: 'identical', text: parent, content }
  }
  const before = decodeNode(parent)
  return before.content !== null && sameFile(node, before, rules)
    ? { kind: 'content', content: before.content }
    : undefined
}

function sameFile(node: Node, before: Node, { ignoreCtime, ignoreInode }: ChangeRules): boolean {
  return (
    before.type === 'file' &&
    (before.size ?? 0) === (node.size ?? 0) &&
    sameTime(before.mtime, node.mtime) &&
    (ignoreCtime || ignoreInode || sameTime(before.ctime, node.ctime)) &&
    (ignoreInode || before.inode === node.inode)
  )
}

/** The same text, or the same instant written in another zone. */
function sameTime(a: string, b: string): boolean {
  return a === b || parseTime(a) === parseTime(b)
}

const ID_STEP = 64 + '","'.length

/** The ids at the end of a file's canonical JSON; undefined when something else stands there. */
function contentOf(text: string): BlobId[] | undefined {
  const start = text.lastIndexOf(CONTENT) + CONTENT.length
  const end = text.length - ']}'.length
  if (!text.endsWith(']}')) return undefined
  if (start === end) return []
  if ((end - start + 1) % ID_STEP !== 0) return undefined
  const ids: BlobId[] = []
  for (let at = start + 1; at < end; at += ID_STEP) ids.push(text.slice(at, at + 64) as BlobId)
  return ids
}
