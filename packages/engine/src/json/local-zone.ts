import { daysOfDate, modulo, SECONDS_PER_DAY } from './civil-date.ts'

const SLOT_SECONDS = 3600
const ZONE_SLOTS = 4096
const slotNumbers = new Float64Array(ZONE_SLOTS).fill(NaN)
const slotOffsets = new Int32Array(ZONE_SLOTS)

/** Seconds by which the local zone of this process is ahead of UTC at an instant; seconds since the epoch. */
export function zoneOffset(seconds: number): number {
  const number = Math.floor(seconds / SLOT_SECONDS)
  const slot = modulo(number, ZONE_SLOTS)
  if (slotNumbers[slot] === number) return slotOffsets[slot]!
  const start = number * SLOT_SECONDS
  const offset = askZoneOffset(start)
  // In the hour of a transition every second is asked for on its own.
  if (offset !== askZoneOffset(start + SLOT_SECONDS - 1)) return askZoneOffset(seconds)
  slotNumbers[slot] = number
  slotOffsets[slot] = offset
  return offset
}

/** From the date's fields, because getTimezoneOffset drops the seconds that offsets had before zones were standardised. */
function askZoneOffset(seconds: number): number {
  const date = new Date(seconds * 1000)
  const days = daysOfDate(date.getFullYear(), date.getMonth() + 1, date.getDate())
  const local = days * SECONDS_PER_DAY + date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds()
  return local - seconds
}
