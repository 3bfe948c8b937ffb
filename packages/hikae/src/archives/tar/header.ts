import { ArchiveError, DAMAGED_HINT } from '../archive-error.ts'

export const BLOCK_BYTES = 512

/** The fields of one header block. Names are byte strings. */
export interface TarHeader {
  readonly type: string
  readonly name: string
  readonly target: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly user: string
  readonly group: string
  /** Bytes that follow. */
  readonly size: number
  /** Seconds since the epoch. */
  readonly mtime: number
  readonly major: number
  readonly minor: number
}

const CHECKSUM_AT = 148
const CHECKSUM_END = 156

/** What the block that ends an archive is made of. */
export function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

/** @throws {ArchiveError} the checksum is wrong, or a field is no number */
export function parseHeader(block: Buffer): TarHeader {
  checkSum(block)
  return {
    type: String.fromCharCode(block[156]!),
    name: prefixOf(block) + text(block, 0, 100),
    target: text(block, 157, 100),
    mode: number(block, 100, 8) % 0o10000,
    uid: size(block, 108, 8),
    gid: size(block, 116, 8),
    size: size(block, 124, 12),
    mtime: number(block, 136, 12),
    user: isOld(block) ? '' : text(block, 265, 32),
    group: isOld(block) ? '' : text(block, 297, 32),
    major: isOld(block) ? 0 : size(block, 329, 8),
    minor: isOld(block) ? 0 : size(block, 337, 8),
  }
}

/** Old programs added signed bytes. */
function checkSum(block: Buffer): void {
  let unsigned = 0
  let signed = 0
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = at >= CHECKSUM_AT && at < CHECKSUM_END ? 0x20 : block[at]!
    unsigned += byte
    signed += byte < 0x80 ? byte : byte - 0x100
  }
  const stored = number(block, CHECKSUM_AT, 8)
  if (stored === unsigned || stored === signed) return
  throw new ArchiveError('what should be a header has a wrong checksum', { hint: DAMAGED_HINT })
}

/** Before POSIX: no magic, and nothing certain behind the link's target. */
function isOld(block: Buffer): boolean {
  return block.toString('latin1', 257, 262) !== 'ustar'
}

/** The first part of a long name: GNU's own format keeps other things there, star's a shorter one. */
function prefixOf(block: Buffer): string {
  if (isOld(block) || block.toString('latin1', 257, 265) === 'ustar  \0') return ''
  const isStar = block.toString('latin1', 508, 512) === 'tar\0'
  const prefix = text(block, 345, isStar ? 131 : 155)
  return prefix === '' ? '' : `${prefix}/`
}

/** Up to the first zero byte. */
export function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.toString('latin1', at, at + length)
  const end = field.indexOf('\0')
  return end < 0 ? field : field.slice(0, end)
}

/** A number that cannot be negative. */
export function size(block: Buffer, at: number, length: number): number {
  const value = number(block, at, length)
  if (value >= 0) return value
  throw new ArchiveError(`a header has the impossible number ${value}`, { hint: DAMAGED_HINT })
}

/** Octal digits, or a binary number when the first bit says so. */
function number(block: Buffer, at: number, length: number): number {
  const field = block.subarray(at, at + length)
  if (field[0]! >= 0x80) return binary(field)
  const digits = field.toString('latin1').replaceAll('\0', ' ').trim()
  if (digits === '') return 0
  if (!/^[0-7]+$/.test(digits)) throw new ArchiveError('a header has a field that is no number', { hint: DAMAGED_HINT })
  return Number.parseInt(digits, 8)
}

function binary(field: Buffer): number {
  const isNegative = field[0] === 0xff
  let value = isNegative ? -1n : BigInt(field[0]! - 0x80)
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
  const result = Number(value)
  if (Number.isSafeInteger(result)) return result
  throw new ArchiveError('a header has an impossibly large number', { hint: DAMAGED_HINT })
}
