import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'
import { parseTime } from '../../json/go-time.ts'
import { posixMode } from '../../tree/mode.ts'
import type { Node } from '../../tree/node.ts'
import type { ArchiveWriter } from './archive.ts'
import type { EntryPiece } from './pieces.ts'
import {
  centralHeader,
  dataDescriptor,
  endRecords,
  extraField,
  LIMIT_32,
  localHeader,
  METHOD,
  type ZipEntry,
} from './zip-records.ts'

const deflate = promisify<Uint8Array, object, Buffer>(deflateRaw)

/** Each piece of content ends at a whole byte; an empty last block ends the whole. */
const PIECE = { level: 5, finishFlush: constants.Z_FULL_FLUSH }
const LAST_BLOCK = Buffer.from([0x03, 0x00])

/** Content that does not compress grows a little. */
const LARGE = LIMIT_32 - 64 * 1024 * 1024

/**
 * Zip with sizes of 64 bits where needed, written without going back: sizes follow the content. Names are UTF-8 as far as
 * they are; modes, symlinks, times to the second and owners are kept; further names of a file become copies. FIFOs and
 * devices are left out: zip has no place for them.
 */
export class ZipWriter implements ArchiveWriter {
  readonly #directory: Buffer[] = []
  #current: ZipEntry | undefined
  #offset = 0

  async *entry({ node, path, size }: EntryPiece): AsyncGenerator<Uint8Array> {
    yield* this.#finishEntry()
    if (node.type === 'fifo' || node.type === 'dev' || node.type === 'chardev') return
    const entry: ZipEntry = {
      name: Buffer.from(node.type === 'dir' ? `${path}/` : path, 'latin1'),
      method: size > 0 ? METHOD.deflated : METHOD.stored,
      dosTime: dosTime(node.mtime),
      extra: unixFields(node),
      mode: posixMode(node.mode),
      isLarge: size >= LARGE,
      offset: this.#offset,
      crc: 0,
      compressedSize: 0,
      size: 0,
    }
    this.#current = entry
    yield this.#counted(localHeader(entry))
    if (node.type === 'symlink') {
      const target = Buffer.from(node.linkTarget ?? '', 'latin1')
      entry.crc = crc32(target)
      entry.size = target.length
      yield this.#counted(this.#ofContent(target))
    }
  }

  async *content(bytes: Buffer): AsyncGenerator<Uint8Array> {
    const entry = this.#current!
    entry.crc = crc32(bytes, entry.crc)
    entry.size += bytes.length
    yield this.#counted(this.#ofContent(await deflate(bytes, PIECE)))
  }

  async *end(): AsyncGenerator<Uint8Array> {
    yield* this.#finishEntry()
    const start = this.#offset
    for (const header of this.#directory) yield this.#counted(header)
    yield endRecords(this.#directory.length, start, this.#offset - start)
  }

  *#finishEntry(): Generator<Uint8Array> {
    const entry = this.#current
    if (!entry) return
    if (entry.method === METHOD.deflated) yield this.#counted(this.#ofContent(LAST_BLOCK))
    yield this.#counted(dataDescriptor(entry))
    this.#directory.push(centralHeader(entry))
    this.#current = undefined
  }

  #ofContent(bytes: Buffer): Buffer {
    this.#current!.compressedSize += bytes.length
    return bytes
  }

  #counted(bytes: Buffer): Buffer {
    this.#offset += bytes.length
    return bytes
  }
}

/** Two seconds' precision, 1980 to 2107, local time. */
function dosTime(mtime: string): number {
  const date = new Date(Number(parseTime(mtime) / 1_000_000n))
  const year = date.getFullYear()
  if (year < 1980) return DOS_EPOCH
  if (year > 2107) return DOS_END
  const day = ((year - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate()
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1)
  return ((day << 16) | time) >>> 0
}

const DOS_EPOCH = 0x0021_0000
const DOS_END = 0xff9f_bf7d

/** Modification time in seconds of UTC, where it fits; owner and group. */
function unixFields({ mtime, uid, gid }: Node): Buffer {
  const owner = Buffer.alloc(11)
  owner.writeUInt8(1, 0)
  owner.writeUInt8(4, 1)
  owner.writeUInt32LE(uid, 2)
  owner.writeUInt8(4, 6)
  owner.writeUInt32LE(gid, 7)
  const owners = extraField(0x7875, owner)
  const ns = parseTime(mtime)
  const seconds = (ns - (((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n
  if (seconds < -0x8000_0000n || seconds > 0x7fff_ffffn) return owners
  const time = Buffer.alloc(5)
  time.writeUInt8(1, 0)
  time.writeInt32LE(Number(seconds), 1)
  return Buffer.concat([extraField(0x5455, time), owners])
}
