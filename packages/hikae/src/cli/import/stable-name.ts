import type { NameTime } from './dated-name.ts'

const AT_END = /[-_.@\s]+$/
const AT_START = /^[-_.@\s]+/

/**
 * A name without its time: `shop_20250101.sql` is `shop.sql`, `20250101_shop.sql` is too. Empty when the name is nothing
 * but a time.
 */
export function stableName(name: string, time: NameTime | undefined): string {
  if (!time) return name
  const before = name.slice(0, time.start).replace(AT_END, '')
  const after = name.slice(time.end)
  if (before !== '') return `${before}${after}`
  return after.startsWith('.') && !after.slice(1).includes('.') ? after : after.replace(AT_START, '')
}
