const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `512 B`, `4.090 MiB` */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, 3)
}

/** `4.1 MiB`: for numbers that change while they are read. */
export function formatBytesRoughly(bytes: number): string {
  return withUnit(bytes, 1)
}

function withUnit(bytes: number, decimals: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  let value = bytes / 1024
  let unit = 0
  while (value >= 1024 - 0.5 * 10 ** -decimals && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(decimals)} ${UNITS[unit]}`
}

/** `1,234,567` */
export function formatCount(number: number | bigint): string {
  return number.toString().replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 file`, `2 files` */
export function formatQuantity(number: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(number)} ${number === 1 ? singular : plural}`
}

/** `0:07`, `3:05`, `2:14:09` */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  const rest = String(whole % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** A stored RFC 3339 time in the local zone: `2026-11-21 08:30:00`. */
export function formatTime(time: string): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? '(no valid time)' : formatDate(date)
}

function formatDate(date: Date): string {
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(twoDigits).join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

/** A share from 0 to 1 as `42.1%`. */
export function formatPercent(share: number): string {
  return `${(Math.min(1, Math.max(0, share)) * 100).toFixed(1)}%`
}
