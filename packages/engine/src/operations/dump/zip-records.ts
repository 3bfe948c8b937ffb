import { isUtf8 } from 'node:buffer'

/** From here on a number does not fit where it used to. */
export const LIMIT_32 = 0xffff_ffff
const LIMIT_16 = 0xffff

/** 4.5: the version of the format that knows sizes of 64 bits. */
const VERSION = 45
const MADE_BY_UNIX = (3 << 8) | VERSION
const SIZES_FOLLOW = 1 << 3
const NAME_IS_UTF8 = 1 << 11

export const METHOD = { stored: 0, deflated: 8 } as const

/** What the directory at the end of a zip file says of an entry. */
export interface ZipEntry {
  readonly name: Buffer
  readonly method: number
  /** Date and time as DOS had them, in the machine's zone. */
  readonly dosTime: number
  /** Extra fields that both headers have. */
  readonly extra: Buffer
  /** POSIX st_mode. */
  readonly mode: number
  /** Whether its sizes are written with 64 bits behind the content. */
  readonly isLarge: boolean
  readonly offset: number
  crc: number
  compressedSize: number
  size: number
}

function flags(name: Buffer): number {
  return SIZES_FOLLOW | (isUtf8(name) ? NAME_IS_UTF8 : 0)
}

export function localHeader(entry: ZipEntry): Buffer {
  // Sizes of 64 bits behind the content are announced by a field for them, whatever it holds.
  const extra = entry.isLarge ? Buffer.concat([extraField(0x0001, Buffer.alloc(16)), entry.extra]) : entry.extra
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x0403_4b50, 0)
  header.writeUInt16LE(VERSION, 4)
  header.writeUInt16LE(flags(entry.name), 6)
  header.writeUInt16LE(entry.method, 8)
  header.writeUInt32LE(entry.dosTime, 10)
  if (entry.isLarge) header.fill(0xff, 18, 26)
  header.writeUInt16LE(entry.name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, entry.name, extra])
}

/** Follows the content. */
export function dataDescriptor({ crc, compressedSize, size, isLarge }: ZipEntry): Buffer {
  const descriptor = Buffer.alloc(isLarge ? 24 : 16)
  descriptor.writeUInt32LE(0x0807_4b50, 0)
  descriptor.writeUInt32LE(crc, 4)
  if (isLarge) {
    descriptor.writeBigUInt64LE(BigInt(compressedSize), 8)
    descriptor.writeBigUInt64LE(BigInt(size), 16)
  } else {
    descriptor.writeUInt32LE(compressedSize, 8)
    descriptor.writeUInt32LE(size, 12)
  }
  return descriptor
}

const DIRECTORY_ATTRIBUTE = 0x10
const TYPE_MASK = 0o170000
const DIRECTORY_TYPE = 0o040000

export function centralHeader(entry: ZipEntry): Buffer {
  const numbers = [entry.size, entry.compressedSize, entry.offset]
  const large = numbers.filter((number) => number >= LIMIT_32)
  const wide = Buffer.alloc(large.length * 8)
  for (const [at, number] of large.entries()) wide.writeBigUInt64LE(BigInt(number), at * 8)
  const extra = large.length === 0 ? entry.extra : Buffer.concat([extraField(0x0001, wide), entry.extra])
  const isDirectory = (entry.mode & TYPE_MASK) === DIRECTORY_TYPE
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x0201_4b50, 0)
  header.writeUInt16LE(MADE_BY_UNIX, 4)
  header.writeUInt16LE(VERSION, 6)
  header.writeUInt16LE(flags(entry.name), 8)
  header.writeUInt16LE(entry.method, 10)
  header.writeUInt32LE(entry.dosTime, 12)
  header.writeUInt32LE(entry.crc, 16)
  header.writeUInt32LE(Math.min(entry.compressedSize, LIMIT_32), 20)
  header.writeUInt32LE(Math.min(entry.size, LIMIT_32), 24)
  header.writeUInt16LE(entry.name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt32LE(((entry.mode << 16) | (isDirectory ? DIRECTORY_ATTRIBUTE : 0)) >>> 0, 38)
  header.writeUInt32LE(Math.min(entry.offset, LIMIT_32), 42)
  return Buffer.concat([header, entry.name, extra])
}

/** What ends the file: where the directory is; twice when it is large. Offsets and sizes in bytes. */
export function endRecords(entries: number, directoryOffset: number, directorySize: number): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x0605_4b50, 0)
  end.writeUInt16LE(Math.min(entries, LIMIT_16), 8)
  end.writeUInt16LE(Math.min(entries, LIMIT_16), 10)
  end.writeUInt32LE(Math.min(directorySize, LIMIT_32), 12)
  end.writeUInt32LE(Math.min(directoryOffset, LIMIT_32), 16)
  if (entries < LIMIT_16 && directorySize < LIMIT_32 && directoryOffset < LIMIT_32) return end
  const large = Buffer.alloc(56)
  large.writeUInt32LE(0x0606_4b50, 0)
  large.writeBigUInt64LE(44n, 4)
  large.writeUInt16LE(MADE_BY_UNIX, 12)
  large.writeUInt16LE(VERSION, 14)
  large.writeBigUInt64LE(BigInt(entries), 24)
  large.writeBigUInt64LE(BigInt(entries), 32)
  large.writeBigUInt64LE(BigInt(directorySize), 40)
  large.writeBigUInt64LE(BigInt(directoryOffset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x0706_4b50, 0)
  locator.writeBigUInt64LE(BigInt(directoryOffset + directorySize), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([large, locator, end])
}

export function extraField(id: number, content: Buffer): Buffer {
  const field = Buffer.alloc(4 + content.length)
  field.writeUInt16LE(id, 0)
  field.writeUInt16LE(content.length, 2)
  field.set(content, 4)
  return field
}
