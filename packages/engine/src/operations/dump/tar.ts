import { posixMode } from '../../tree/mode.ts'
import type { Node } from '../../tree/node.ts'
import type { ArchiveWriter } from './archive.ts'
import { isBinary, paxRecord, paxTime, xattrRecords } from './pax.ts'
import type { EntryPiece } from './pieces.ts'

const BLOCK_BYTES = 512
const NAME_BYTES = 100
const OWNER_NAME_BYTES = 31

const TYPE_FLAGS: Readonly<Record<Node['type'], string>> = {
  file: '0',
  symlink: '2',
  chardev: '3',
  dev: '4',
  dir: '5',
  fifo: '6',
  socket: '',
  irregular: '',
}
const LINK = '1'
const EXTENDED = 'x'

/**
 * The POSIX pax format: names of any bytes and length, files of any size, nanoseconds, extended attributes (ACLs among
 * them) as `SCHILY.xattr`, hard links as links. GNU tar, libarchive and Python read all of it; GNU tar needs `--xattrs`.
 */
export class TarWriter implements ArchiveWriter {
  #padding = 0;

  *entry(entry: EntryPiece): Generator<Uint8Array> {
    yield* this.#pad()
    const name = entry.node.type === 'dir' ? `${entry.path}/` : entry.path
    const target = entry.link ?? entry.node.linkTarget ?? ''
    const records = recordsOf(entry, name, target)
    if (records !== '') {
      const bytes = Buffer.from(records, 'latin1')
      yield header({ ...EXTENDED_FIELDS, name: `PaxHeaders/${lastName(entry.path)}`, size: bytes.length })
      yield bytes
      yield zeros(bytes.length)
    }
    yield header(fieldsOf(entry, name, target))
    this.#padding = paddingOf(entry.size)
  }

  *content(bytes: Buffer): Generator<Uint8Array> {
    yield bytes
  }

  *end(): Generator<Uint8Array> {
    yield* this.#pad()
    yield Buffer.alloc(2 * BLOCK_BYTES)
  }

  *#pad(): Generator<Uint8Array> {
    if (this.#padding > 0) yield Buffer.alloc(this.#padding)
    this.#padding = 0
  }
}

function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES
}

function zeros(size: number): Buffer {
  return Buffer.alloc(paddingOf(size))
}

/** What the old header cannot hold, or not for certain. */
function recordsOf({ node, size }: EntryPiece, name: string, target: string): string {
  const { user = '', group = '' } = node
  const time = paxTime(node.mtime)
  let records = ''
  if (isBinary(name) || isBinary(target)) records += paxRecord('hdrcharset', 'BINARY')
  if (!isPlain(name)) records += paxRecord('path', name)
  if (!isPlain(target)) records += paxRecord('linkpath', target)
  if (size > LARGEST_12) records += paxRecord('size', String(size))
  if (node.uid > LARGEST_8) records += paxRecord('uid', String(node.uid))
  if (node.gid > LARGEST_8) records += paxRecord('gid', String(node.gid))
  if (!isPlainOwner(user)) records += paxRecord('uname', bytesOf(user))
  if (!isPlainOwner(group)) records += paxRecord('gname', bytesOf(group))
  if (time.text.includes('.') || time.seconds < 0n || time.seconds > LARGEST_12)
    records += paxRecord('mtime', time.text)
  return records + xattrRecords(node)
}

/** Eight octal digits less the end, and twelve. */
const LARGEST_8 = 0o777_7777
const LARGEST_12 = 0o777_7777_7777

// oxlint-disable-next-line no-control-regex -- names may hold control characters
const ASCII = /^[\x00-\x7f]*$/

function isPlain(bytes: string): boolean {
  return bytes.length <= NAME_BYTES && ASCII.test(bytes)
}

function isPlainOwner(name: string): boolean {
  return name.length <= OWNER_NAME_BYTES && ASCII.test(name)
}

function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Short enough for the old header, and without slashes. */
function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).slice(0, NAME_BYTES - 'PaxHeaders/'.length)
}

interface HeaderFields {
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly type: string
  readonly target: string
  readonly user: string
  readonly group: string
  readonly major: number
  readonly minor: number
}

const EXTENDED_FIELDS = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  type: EXTENDED,
  target: '',
  user: '',
  group: '',
  major: 0,
  minor: 0,
}

function fieldsOf({ node, size, link }: EntryPiece, name: string, target: string): HeaderFields {
  const { seconds } = paxTime(node.mtime)
  const { user = '', group = '' } = node
  return {
    name: name.slice(0, NAME_BYTES),
    mode: posixMode(node.mode) & 0o7777,
    uid: Math.min(node.uid, LARGEST_8),
    gid: Math.min(node.gid, LARGEST_8),
    size: Math.min(size, LARGEST_12),
    mtime: Number(seconds < 0n ? 0n : seconds > LARGEST_12 ? LARGEST_12 : seconds),
    type: link === undefined ? TYPE_FLAGS[node.type] : LINK,
    target: target.slice(0, NAME_BYTES),
    user: isPlainOwner(user) ? user : '',
    group: isPlainOwner(group) ? group : '',
    ...deviceNumbers(node),
  }
}

/** Linux keeps both numbers of a device in one, in four parts. */
function deviceNumbers({ type, device = 0n }: Node): { major: number; minor: number } {
  if (type !== 'dev' && type !== 'chardev') return { major: 0, minor: 0 }
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n)),
  }
}

const CHECKSUM_AT = 148

function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(fields.name, 0, NAME_BYTES, 'latin1')
  writeOctal(block, fields.mode, 100, 8)
  writeOctal(block, fields.uid, 108, 8)
  writeOctal(block, fields.gid, 116, 8)
  writeOctal(block, fields.size, 124, 12)
  writeOctal(block, fields.mtime, 136, 12)
  block.fill(' ', CHECKSUM_AT, CHECKSUM_AT + 8)
  block.write(fields.type, 156, 'latin1')
  block.write(fields.target, 157, NAME_BYTES, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  block.write(fields.user, 265, 'latin1')
  block.write(fields.group, 297, 'latin1')
  writeOctal(block, fields.major, 329, 8)
  writeOctal(block, fields.minor, 337, 8)
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_AT, 'latin1')
  return block
}

function writeOctal(block: Buffer, value: number, offset: number, width: number): void {
  block.write(value.toString(8).padStart(width - 1, '0'), offset, 'latin1')
}
