import type { ExtendedAttribute } from '@hikae/engine'
import { ArchiveError, DAMAGED_HINT } from '../archive-error.ts'

/** Keys and values of an extended header, byte strings. */
export type PaxRecords = ReadonlyMap<string, string>

export const NO_RECORDS: PaxRecords = new Map()

const NS_PER_SECOND = 1_000_000_000n
const RECORD_LENGTH = /^([1-9]\d{0,8}) /
/** What the first sparse form repeats for each piece; gathered as the second one has it. */
const SPARSE_PARTS = ['GNU.sparse.offset', 'GNU.sparse.numbytes']
const SPARSE_MAP = 'GNU.sparse.map'

/** @throws {ArchiveError} it is not made of records */
export function parsePaxRecords(bytes: Buffer, before: PaxRecords = NO_RECORDS): PaxRecords {
  const records = new Map(before)
  const sparse: string[] = []
  const text = bytes.toString('latin1')
  for (let at = 0; at < text.length;) {
    // Some writers pad with zeros.
    if (text[at] === '\0') break
    const length = Number(RECORD_LENGTH.exec(text.slice(at, at + 10))?.[1] ?? 0)
    const record = text.slice(at, at + length)
    const equals = record.indexOf('=')
    if (record.length !== length || !record.endsWith('\n') || equals < 0) {
      throw new ArchiveError('an extended header is not made of records', { hint: DAMAGED_HINT })
    }
    const key = record.slice(record.indexOf(' ') + 1, equals)
    const value = record.slice(equals + 1, -1)
    if (SPARSE_PARTS.includes(key)) sparse.push(value)
    else records.set(key, value)
    at += length
  }
  if (sparse.length > 0) records.set(SPARSE_MAP, sparse.join(','))
  return records
}

/** @returns undefined when the header's own field counts */
export function paxText(records: PaxRecords, key: string): string | undefined {
  return records.get(key) || undefined
}

/** @throws {ArchiveError} not a whole number */
export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const text = paxText(records, key)
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new ArchiveError(`'${text}' is no number for ${key}`, { hint: DAMAGED_HINT })
}

/** @returns nanoseconds since the epoch @throws {ArchiveError} not a time */
export function paxTimeNs(records: PaxRecords, key: string): bigint | undefined {
  const text = paxText(records, key)
  if (text === undefined) return undefined
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text)
  if (!match) throw new ArchiveError(`'${text}' is no time for ${key}`, { hint: DAMAGED_HINT })
  const ns = BigInt(match[2]!) * NS_PER_SECOND + BigInt((match[3] ?? '').slice(0, 9).padEnd(9, '0'))
  return match[1] === '-' ? -ns : ns
}

const GNU_ATTRIBUTE = 'SCHILY.xattr.'
const BSD_ATTRIBUTE = 'LIBARCHIVE.xattr.'

/** As GNU tar, star and libarchive write them; libarchive writes both of its forms. */
export function paxAttributes(records: PaxRecords): ExtendedAttribute[] {
  const found = new Map<string, Buffer>()
  for (const [key, value] of records) {
    if (key.startsWith(BSD_ATTRIBUTE)) {
      found.set(percentDecoded(key.slice(BSD_ATTRIBUTE.length)), Buffer.from(value, 'base64'))
    }
  }
  for (const [key, value] of records) {
    if (key.startsWith(GNU_ATTRIBUTE)) {
      found.set(percentDecoded(key.slice(GNU_ATTRIBUTE.length)), Buffer.from(value, 'latin1'))
    }
  }
  return [...found].map(([name, value]) => ({ name, value }))
}

/** Access lists as text, and labels: what only tar itself could put back. */
export function hasLostMetadata(records: PaxRecords): boolean {
  return [...records.keys()].some((key) => key.startsWith('SCHILY.acl.') || key.startsWith('RHT.security.'))
}

function percentDecoded(name: string): string {
  return name.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
