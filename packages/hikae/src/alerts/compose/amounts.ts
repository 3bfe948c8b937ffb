import type { Language } from './message.ts'

const UNITS: Readonly<Record<Language, readonly [string, string, string, string]>> = {
  en: [' d', ' h', ' min', ' s'],
  ja: ['日', '時間', '分', '秒'],
}
const SECONDS = [86_400, 3600, 60, 1] as const
const PREFIXES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** The two largest units: `3 d 2 h`, `45 min`, `3日2時間`. */
export function durationText(ms: number, language: Language): string {
  let rest = Math.max(0, Math.round(ms / 1000))
  const parts = SECONDS.map((seconds, unit) => {
    const amount = Math.floor(rest / seconds)
    rest -= amount * seconds
    return { amount, text: `${amount}${UNITS[language][unit]}` }
  })
  const first = parts.findIndex(({ amount }) => amount > 0)
  if (first === -1) return parts.at(-1)!.text
  const shown = parts.slice(first, first + 2).filter(({ amount }) => amount > 0)
  return shown.map(({ text }) => text).join(language === 'ja' ? '' : ' ')
}

/** `1.5 GiB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(PREFIXES.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(1)} ${PREFIXES[power]}`
}

/** `2026-11-21 20:17 (Asia/Tokyo)`. */
export function timeText(time: number, timeZone: string): string {
  return `${new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(time)} (${timeZone})`
}
