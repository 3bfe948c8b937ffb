import type { NodeMetadata } from '../../filesystem/apply-metadata.ts'
import type { ExtendedAttribute, Node, NodeType } from '../../tree/node.ts'
import type { RecordMemory } from './record-memory.ts'

/** What a thread has to know to make one entry, apart from a file's content. */
export interface EntryRecord extends NodeMetadata {
  /** Bytes of content; files only. */
  readonly size: number
  readonly device: bigint
  /** Symlinks: raw target bytes as latin1. */
  readonly linkTarget: string
}

const TYPES: readonly NodeType[] = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo']

/** Type, lengths, then numbers; what has a varying length follows in the order of the lengths. */
const FIXED_BYTES = 56
const NO_PARENT = -1

/**
 * @param name the entry's name; for a directory its whole path below the target, empty for the target itself
 * @param parent position of the directory's record; undefined for a directory
 */
export function encodeRecord(
  node: Omit<Node, 'name' | 'content' | 'ctime'>,
  name: string,
  size: number,
  parent: number | undefined,
): Buffer {
  const atime = node.atime === node.mtime ? '' : node.atime
  const target = node.linkTarget ?? ''
  const attributes = encodeAttributes(node.extendedAttributes ?? [])
  const bytes = Buffer.allocUnsafe(
    FIXED_BYTES + name.length + node.mtime.length + atime.length + target.length + attributes.length,
  )
  bytes.writeUInt8(TYPES.indexOf(node.type), 0)
  bytes.writeUInt8(node.mtime.length, 1)
  bytes.writeUInt8(atime.length, 2)
  bytes.writeUInt32LE(name.length, 4)
  bytes.writeUInt32LE(target.length, 8)
  bytes.writeUInt32LE(attributes.length, 12)
  bytes.writeUInt32LE(node.mode, 16)
  bytes.writeUInt32LE(node.uid, 20)
  bytes.writeUInt32LE(node.gid, 24)
  bytes.writeDoubleLE(size, 32)
  bytes.writeDoubleLE(parent ?? NO_PARENT, 40)
  bytes.writeBigUInt64LE(node.device ?? 0n, 48)
  let end = FIXED_BYTES
  for (const text of [name, node.mtime, atime, target]) end += bytes.write(text, end, 'latin1')
  bytes.set(attributes, end)
  return bytes
}

export function readRecord(memory: RecordMemory, position: number): EntryRecord {
  const bytes = memory.at(position)
  const mtimeAt = FIXED_BYTES + bytes.readUInt32LE(4)
  const atimeAt = mtimeAt + bytes.readUInt8(1)
  const targetAt = atimeAt + bytes.readUInt8(2)
  const attributesAt = targetAt + bytes.readUInt32LE(8)
  const mtime = bytes.toString('latin1', mtimeAt, atimeAt)
  const attributesBytes = bytes.readUInt32LE(12)
  return {
    type: TYPES[bytes.readUInt8(0)]!,
    mode: bytes.readUInt32LE(16),
    uid: bytes.readUInt32LE(20),
    gid: bytes.readUInt32LE(24),
    mtime,
    atime: targetAt === atimeAt ? mtime : bytes.toString('latin1', atimeAt, targetAt),
    size: bytes.readDoubleLE(32),
    device: bytes.readBigUInt64LE(48),
    linkTarget: bytes.toString('latin1', targetAt, attributesAt),
    extendedAttributes: decodeAttributes(bytes.subarray(attributesAt, attributesAt + attributesBytes)),
  }
}

/** Path below the target as a byte string: empty for the target itself, else it begins with a slash. */
export function locationOf(memory: RecordMemory, position: number): string {
  const bytes = memory.at(position)
  const name = bytes.toString('latin1', FIXED_BYTES, FIXED_BYTES + bytes.readUInt32LE(4))
  const parent = bytes.readDoubleLE(40)
  return parent === NO_PARENT ? name : `${locationOf(memory, parent)}/${name}`
}

/** Position of the record of the directory that an entry lies in; undefined for directories. */
export function parentOf(memory: RecordMemory, position: number): number | undefined {
  const parent = memory.at(position).readDoubleLE(40)
  return parent === NO_PARENT ? undefined : parent
}

/** Bytes of content of the file. */
export function sizeOf(memory: RecordMemory, position: number): number {
  return memory.at(position).readDoubleLE(32)
}

const ATTRIBUTE_BYTES = 8

function encodeAttributes(attributes: readonly ExtendedAttribute[]): Buffer {
  if (attributes.length === 0) return NO_BYTES
  const parts: Uint8Array[] = []
  for (const { name, value } of attributes) {
    const lengths = Buffer.allocUnsafe(ATTRIBUTE_BYTES)
    lengths.writeUInt32LE(name.length, 0)
    lengths.writeUInt32LE(value?.length ?? 0, 4)
    parts.push(lengths, Buffer.from(name, 'latin1'), value ?? NO_BYTES)
  }
  return Buffer.concat(parts)
}

function decodeAttributes(bytes: Buffer): ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = []
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + ATTRIBUTE_BYTES + bytes.readUInt32LE(at)
    const end = nameEnd + bytes.readUInt32LE(at + 4)
    // Copied: native calls take no memory that threads share.
    attributes.push({
      name: bytes.toString('latin1', at + ATTRIBUTE_BYTES, nameEnd),
      value: Buffer.from(bytes.subarray(nameEnd, end)),
    })
    at = end
  }
  return attributes
}

const NO_BYTES = Buffer.alloc(0)
