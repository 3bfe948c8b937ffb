import type { ExtendedAttribute } from '@hikae/engine'
import { ArchiveError, DAMAGED_HINT, UNPACK_HINT } from '../archive-error.ts'
import { BLOCK_BYTES, isZero, parseHeader, size as numberAt, type TarHeader, text } from './header.ts'
import {
  hasLostMetadata,
  NO_RECORDS,
  parsePaxRecords,
  paxAttributes,
  paxNumber,
  type PaxRecords,
  paxText,
  paxTimeNs,
} from './pax-records.ts'
import { type Extent, leadingSparseMap, oldSparseMap, placeExtents, textSparseMap } from './sparse-map.ts'
import type { TarBytes } from './tar-bytes.ts'

export type MemberKind = 'file' | 'directory' | 'symlink' | 'hard-link' | 'fifo' | 'block-device' | 'character-device'

/** One entry of an archive with what its header says. Names are byte strings. */
export interface TarMember {
  readonly kind: MemberKind
  readonly name: string
  /** Of links. */
  readonly target: string
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Empty when the archive does not say. */
  readonly user: string
  readonly group: string
  readonly mtimeNs: bigint
  readonly atimeNs: bigint
  readonly rdev: bigint
  readonly size: number
  readonly extents: readonly Extent[]
  readonly extendedAttributes: readonly ExtendedAttribute[]
  /** Has access lists or labels that cannot be kept. */
  readonly losesMetadata: boolean
}

export interface ReadMember {
  readonly member: TarMember
  /** What holds for all members after this one. */
  readonly globals: PaxRecords
  readonly next: number
}

/** Headers are held in memory; attributes are what makes them large, and Linux allows 64 KiB each. */
const LONGEST_HEADER = 16 * 1024 * 1024
/** GNU tar writes the content of a directory in incremental archives: names, which are members of their own. */
const DIRECTORY_TYPES = ['5', 'D']
const KINDS: Readonly<Record<string, MemberKind>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hard-link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  D: 'directory',
  '6': 'fifo',
}

/**
 * Reads the member whose headers begin at a place: GNU, POSIX pax, star and old formats.
 *
 * @param globals what earlier members left to hold
 * @returns undefined at the mark that ends the archive
 * @throws {ArchiveError}
 */
export async function readMember(
  bytes: TarBytes,
  start: number,
  globals: PaxRecords = NO_RECORDS,
): Promise<ReadMember | undefined> {
  let common = globals
  let own: PaxRecords = NO_RECORDS
  let longName: string | undefined
  let longTarget: string | undefined
  for (let at = start; ;) {
    const block = await bytes.read(at, BLOCK_BYTES)
    if (isZero(block)) {
      if (at === start) return undefined
      throw new ArchiveError('an extended header is followed by nothing', { hint: DAMAGED_HINT })
    }
    const header = parseHeader(block)
    const dataAt = at + BLOCK_BYTES
    switch (header.type) {
      case 'x':
      case 'X':
        own = parsePaxRecords(await headerData(bytes, dataAt, header))
        break
      case 'g':
        common = parsePaxRecords(await headerData(bytes, dataAt, header), common)
        break
      case 'L':
        longName = nameIn(await headerData(bytes, dataAt, header))
        break
      case 'K':
        longTarget = nameIn(await headerData(bytes, dataAt, header))
        break
      case 'V':
        break // The label of a tape.
      default: {
        const records = common.size === 0 ? own : new Map([...common, ...own])
        const names = { name: longName ?? header.name, target: longTarget ?? header.target }
        const found = await buildMember(bytes, block, dataAt, { ...header, ...names }, records)
        return { ...found, globals: common }
      }
    }
    at = dataAt + padded(header.size)
  }
}

async function headerData(bytes: TarBytes, at: number, { size }: TarHeader): Promise<Buffer> {
  if (size > LONGEST_HEADER) throw new ArchiveError('an extended header is longer than 16 MiB', { hint: UNPACK_HINT })
  return bytes.read(at, size)
}

function nameIn(data: Buffer): string {
  return text(data, 0, data.length)
}

async function buildMember(
  bytes: TarBytes,
  block: Buffer,
  dataAt: number,
  header: TarHeader,
  records: PaxRecords,
): Promise<Omit<ReadMember, 'globals'>> {
  const name = paxText(records, 'GNU.sparse.name') ?? paxText(records, 'path') ?? header.name
  const kind = kindOf(header, name)
  // GNU tar's rule: only what can have content has any, whatever the size says.
  const hasData = kind === 'file' || DIRECTORY_TYPES.includes(header.type)
  const stored = hasData ? (paxNumber(records, 'size') ?? header.size) : 0
  const content = await contentOf(bytes, block, dataAt, { header, records, kind, stored })
  const mtimeNs = paxTimeNs(records, 'mtime') ?? BigInt(header.mtime) * 1_000_000_000n
  const member: TarMember = {
    kind,
    name,
    target: kind === 'symlink' || kind === 'hard-link' ? (paxText(records, 'linkpath') ?? header.target) : '',
    mode: header.mode,
    uid: paxNumber(records, 'uid') ?? header.uid,
    gid: paxNumber(records, 'gid') ?? header.gid,
    user: paxText(records, 'uname') ?? header.user,
    group: paxText(records, 'gname') ?? header.group,
    mtimeNs,
    atimeNs: paxTimeNs(records, 'atime') ?? mtimeNs,
    rdev: kind.endsWith('-device') ? deviceNumber(header) : 0n,
    size: content.size,
    extents: content.extents,
    extendedAttributes: paxAttributes(records),
    losesMetadata: hasLostMetadata(records),
  }
  return { member, next: content.end }
}

function kindOf({ type }: TarHeader, name: string): MemberKind {
  const kind = KINDS[type]
  if (kind === undefined) {
    const what = type === 'M' ? 'is one volume of several' : `has an entry of the unknown type '${type}'`
    throw new ArchiveError(`the archive ${what}`, { hint: UNPACK_HINT })
  }
  return kind === 'file' && name.endsWith('/') ? 'directory' : kind
}

interface Content {
  readonly size: number
  readonly extents: readonly Extent[]
  /** Where the next header begins. */
  readonly end: number
}

async function contentOf(
  bytes: TarBytes,
  block: Buffer,
  dataAt: number,
  { header, records, kind, stored }: { header: TarHeader; records: PaxRecords; kind: MemberKind; stored: number },
): Promise<Content> {
  const end = dataAt + padded(stored)
  if (kind !== 'file') return { size: 0, extents: [], end }
  if (header.type === 'S') {
    const { pieces, dataAt: at } = await oldSparseMap(bytes, block, dataAt)
    const size = numberAt(block, 483, 12)
    return { size, extents: placeExtents(pieces, at, stored, size), end: at + padded(stored) }
  }
  if (paxText(records, 'GNU.sparse.major') === '1') {
    const { pieces, dataAt: at } = await leadingSparseMap(bytes, dataAt)
    const size = paxNumber(records, 'GNU.sparse.realsize') ?? 0
    return { size, extents: placeExtents(pieces, at, stored - (at - dataAt), size), end }
  }
  const map = records.get('GNU.sparse.map')
  if (map !== undefined) {
    const size = paxNumber(records, 'GNU.sparse.size') ?? 0
    return { size, extents: placeExtents(textSparseMap(map), dataAt, stored, size), end }
  }
  return { size: stored, extents: stored === 0 ? [] : [{ offset: 0, length: stored, at: dataAt }], end }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
}

/** Linux keeps both numbers of a device in one, in four parts. */
function deviceNumber({ major, minor }: TarHeader): bigint {
  const high = BigInt(major)
  const low = BigInt(minor)
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n)
}
