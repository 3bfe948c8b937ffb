import { formatDuration } from '../output/format.ts'

const MINUTE = 60

/** How long a drill took: `0.3 s`, `3:05`. */
export function tookText(seconds: number): string {
  return seconds < MINUTE ? `${seconds.toFixed(1)} s` : formatDuration(seconds)
}
