import type { Paint } from './style.ts'

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const

/** A bar of `width` columns. @param share 0 to 1 */
export function bar(share: number, width: number, paint: Paint): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8)
  const full = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]
  return paint('cyan', full) + paint('dim', '·'.repeat(width - Math.ceil(eighths / 8)))
}
