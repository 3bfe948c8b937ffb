import { UsageError } from '../../errors.ts'
import type { NameTime } from './dated-name.ts'
import { instantOf, wallClockOf } from './wall-clock.ts'

/** Finds the time of a name by the one form that a person has given. */
export interface NamePattern {
  readonly text: string
  /** In `zone`; every place where the pattern fits and the time exists. */
  find(name: string, zone: string): NameTime[]
}

const FIELDS: Readonly<Record<string, { readonly group: string; readonly source: string }>> = {
  YYYY: { group: 'year', source: String.raw`\d{4}` },
  MM: { group: 'month', source: String.raw`\d{2}` },
  DD: { group: 'day', source: String.raw`\d{2}` },
  HH: { group: 'hour', source: String.raw`\d{2}` },
  mm: { group: 'minute', source: String.raw`\d{2}` },
  SS: { group: 'second', source: String.raw`\d{2}` },
}
const PIECES = /YYYY|MM|DD|HH|mm|SS|\*|\?|[^]/g
/** Each needs the ones before it. */
const ORDER = ['YYYY', 'MM', 'DD', 'HH', 'mm', 'SS'] as const

/**
 * `mirai_full_YYYYMMDD_HHmmSS`: the letters stand for digits, `*` for anything, `?` for one character, everything else for
 * itself. It has to fit a part of the name at which no further digit follows.
 *
 * @throws {UsageError} it does not name a day
 */
export function parseNamePattern(text: string): NamePattern {
  const pieces = text.match(PIECES) ?? []
  const letters = pieces.filter((piece) => piece in FIELDS)
  const twice = letters.find((piece, index) => letters.indexOf(piece) !== index)
  if (twice !== undefined) {
    throw new UsageError(`'${text}' has ${twice} twice`, { hint: 'write * where the name may be anything' })
  }
  const missing = ORDER.slice(0, Math.max(3, lastField(letters) + 1)).find((letter) => !letters.includes(letter))
  if (missing !== undefined) {
    throw new UsageError(`'${text}' lacks ${missing}`, {
      hint: 'YYYY, MM and DD are needed; HH, mm and SS may follow, for instance shop_YYYYMMDD_HHmmSS',
    })
  }
  const source = pieces.map(sourceOf).join('')
  const pattern = new RegExp(String.raw`(?<!\d)${source}(?!\d)`, 'dgu')
  return { text, find: (name, zone) => timesOf(name, pattern, text, zone) }
}

function lastField(letters: readonly string[]): number {
  return ORDER.findLastIndex((letter) => letters.includes(letter))
}

function sourceOf(piece: string): string {
  const field = FIELDS[piece]
  if (field) return `(?<${field.group}>${field.source})`
  if (piece === '*') return '.*?'
  if (piece === '?') return '.'
  return piece.replace(/[\^$\\.*+?()[\]{}|/]/, String.raw`\$&`)
}

function timesOf(name: string, pattern: RegExp, form: string, zone: string): NameTime[] {
  return [...name.matchAll(pattern)].flatMap((match) => {
    const timeNs = instantOf(wallClockOf(match.groups!), zone)
    return timeNs === undefined ? [] : [{ timeNs, ...datePart(match), form }]
  })
}

/** The digits only: what is around them in the pattern belongs to the name. */
function datePart(match: RegExpMatchArray): { start: number; end: number } {
  const { indices } = match as RegExpMatchArray & { indices?: { groups?: Record<string, [number, number]> } }
  const places = Object.values(indices?.groups ?? {}).filter((place) => place !== undefined)
  return { start: Math.min(...places.map(([start]) => start)), end: Math.max(...places.map(([, end]) => end)) }
}
