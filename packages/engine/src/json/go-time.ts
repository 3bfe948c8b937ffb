import { DamagedError } from '../errors.ts'
import { dateOfDays, daysInMonth, daysOfDate, modulo, SECONDS_PER_DAY, SECONDS_PER_ERA } from './civil-date.ts'
import { zoneOffset } from './local-zone.ts'

const NANOSECONDS = 1_000_000_000
const NANOSECONDS_BIG = 1_000_000_000n

/** What Go writes for a time that was never set; an absent time reads as this one. */
export const ZERO_TIME = '0001-01-01T00:00:00Z'

/**
 * A time as restic stores it (§11): in the local zone of this process at that instant, with as many digits of a second as
 * needed. Years outside 0 to 9999 become the nearest of these. About 0.3 µs for times of recent seconds, 2 µs for others.
 *
 * @param ns nanoseconds since the epoch
 */
export function formatTime(ns: bigint): string {
  splitNanoseconds(ns)
  const slot = recent[modulo(splitSeconds, RECENT_SECONDS)]!
  if (slot.seconds !== splitSeconds) renderSecond(slot, splitSeconds)
  return splitNs === 0 ? slot.dateTime + slot.zone : slot.dateTime + fraction(splitNs) + slot.zone
}

// Results of the last split: an object per call would cost more than the split.
let splitSeconds = 0
let splitNs = 0

const int64 = new BigInt64Array(1)
const words = new Uint32Array(int64.buffer)
const LOW_WORD_FIRST = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Whole seconds, rounded down, and the nanoseconds above them: long division by 16-bit digits is faster than by BigInt. */
function splitNanoseconds(ns: bigint): void {
  int64[0] = ns
  if (ns < 0n || int64[0] !== ns) {
    const rest = ((ns % NANOSECONDS_BIG) + NANOSECONDS_BIG) % NANOSECONDS_BIG
    splitSeconds = Number((ns - rest) / NANOSECONDS_BIG)
    splitNs = Number(rest)
    return
  }
  const high = words[LOW_WORD_FIRST ? 1 : 0]!
  const low = words[LOW_WORD_FIRST ? 0 : 1]!
  const quotient2 = Math.floor(high / NANOSECONDS)
  const rest2 = (high - quotient2 * NANOSECONDS) * 0x1_0000 + (low >>> 16)
  const quotient1 = Math.floor(rest2 / NANOSECONDS)
  const rest1 = (rest2 - quotient1 * NANOSECONDS) * 0x1_0000 + (low & 0xffff)
  const quotient0 = Math.floor(rest1 / NANOSECONDS)
  splitSeconds = (quotient2 * 0x1_0000 + quotient1) * 0x1_0000 + quotient0
  splitNs = rest1 - quotient0 * NANOSECONDS
}

function fraction(ns: number): string {
  const digits = String(NANOSECONDS + ns)
  let end = digits.length
  while (digits.charCodeAt(end - 1) === DIGIT_0) end--
  return `.${digits.slice(1, end)}`
}

/** Texts of recently used seconds: files of one directory mostly share them. */
interface RenderedSecond {
  seconds: number
  dateTime: string
  zone: string
}

const RECENT_SECONDS = 1024
const recent = Array.from({ length: RECENT_SECONDS }, (): RenderedSecond => ({ seconds: NaN, dateTime: '', zone: '' }))

function renderSecond(slot: RenderedSecond, seconds: number): void {
  let shown = intoFourDigits(seconds)
  let offset = zoneOffset(shown)
  let date = dateOfDays(Math.floor((shown + offset) / SECONDS_PER_DAY))
  const year = seconds === shown ? Math.min(Math.max(date.year, 0), 9999) : seconds < 0 ? 0 : 9999
  if (year !== date.year) {
    const timeOfDay = modulo(shown + offset, SECONDS_PER_DAY)
    const local = daysOfDate(year, date.month, date.day) * SECONDS_PER_DAY + timeOfDay
    offset = zoneOffset(local - offset)
    shown = local - offset
    date = dateOfDays(Math.floor(local / SECONDS_PER_DAY))
  }
  const timeOfDay = modulo(shown + offset, SECONDS_PER_DAY)
  const hour = Math.floor(timeOfDay / 3600)
  const minute = Math.floor(timeOfDay / 60) % 60
  slot.seconds = seconds
  slot.dateTime =
    `${String(date.year).padStart(4, '0')}-${twoDigits(date.month)}-${twoDigits(date.day)}` +
    `T${twoDigits(hour)}:${twoDigits(minute)}:${twoDigits(timeOfDay % 60)}`
  slot.zone = zoneText(offset)
}

const YEAR_0 = daysOfDate(0, 1, 1) * SECONDS_PER_DAY
const YEAR_10000 = daysOfDate(10_000, 1, 1) * SECONDS_PER_DAY

/**
 * The same second of a year that Date knows: times far outside move by whole eras, which keeps month, day, weekday and so
 * daylight saving. The margin leaves alone what a zone offset may bring back inside.
 */
function intoFourDigits(seconds: number): number {
  if (seconds >= YEAR_10000 + SECONDS_PER_DAY) {
    return YEAR_10000 - SECONDS_PER_ERA + modulo(seconds - YEAR_10000, SECONDS_PER_ERA)
  }
  if (seconds < YEAR_0 - SECONDS_PER_DAY) return YEAR_0 + modulo(seconds - YEAR_0, SECONDS_PER_ERA)
  return seconds
}

function zoneText(offset: number): string {
  if (offset === 0) return 'Z'
  const minutes = Math.trunc(offset / 60)
  const distance = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(distance / 60))}:${twoDigits(distance % 60)}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

const DIGIT_0 = 0x30
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/
const FRACTION_AT = '2006-01-02T15:04:05.'.length
const ZONE_CHARACTERS = '+00:00'.length

/** Whether a text is a time that {@link parseTime} understands. */
export function isTime(text: string): boolean {
  if (!TIME.test(text)) return false
  const day = twoDigitsAt(text, 8)
  if (day < 1 || day > daysInMonth(yearAt(text), twoDigitsAt(text, 5))) return false
  if (twoDigitsAt(text, 11) > 23 || twoDigitsAt(text, 14) > 59 || twoDigitsAt(text, 17) > 59) return false
  if (text.endsWith('Z')) return true
  return twoDigitsAt(text, text.length - 5) <= 24 && twoDigitsAt(text, text.length - 2) <= 60
}

/**
 * The instant that a stored time means, in nanoseconds since the epoch. A comma before the fraction is accepted, digits
 * after the ninth are dropped (§11).
 *
 * @throws {DamagedError} not such a time, or a date that does not exist
 */
export function parseTime(text: string): bigint {
  if (!isTime(text)) throw new DamagedError(`${JSON.stringify(text)} is not a time as the format has it`)
  const days = daysOfDate(yearAt(text), twoDigitsAt(text, 5), twoDigitsAt(text, 8))
  const clock = twoDigitsAt(text, 11) * 3600 + twoDigitsAt(text, 14) * 60 + twoDigitsAt(text, 17)
  const zoneAt = text.endsWith('Z') ? text.length - 1 : text.length - ZONE_CHARACTERS
  const seconds = days * SECONDS_PER_DAY + clock - zoneAheadAt(text, zoneAt)
  return BigInt(seconds) * NANOSECONDS_BIG + BigInt(fractionAt(text, zoneAt))
}

function yearAt(text: string): number {
  return twoDigitsAt(text, 0) * 100 + twoDigitsAt(text, 2)
}

function zoneAheadAt(text: string, index: number): number {
  if (text[index] === 'Z') return 0
  const ahead = twoDigitsAt(text, index + 1) * 3600 + twoDigitsAt(text, index + 4) * 60
  return text[index] === '-' ? -ahead : ahead
}

function fractionAt(text: string, end: number): number {
  let ns = 0
  for (let digit = 0; digit < 9; digit++) {
    const index = FRACTION_AT + digit
    ns = ns * 10 + (index < end ? text.charCodeAt(index) - DIGIT_0 : 0)
  }
  return ns
}

function twoDigitsAt(text: string, index: number): number {
  return text.charCodeAt(index) * 10 + text.charCodeAt(index + 1) - 11 * DIGIT_0
}
