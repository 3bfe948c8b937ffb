import { formatDuration } from '../output/format.ts'

interface Lasting {
  readonly startedAt: string
  readonly endedAt?: string
  readonly outcome?: string
}

/** How long a run or a step took, or has taken so far; undefined when nobody saw its end. @param nowMs the present */
export function secondsOf({ startedAt, endedAt, outcome }: Lasting, nowMs: number): number | undefined {
  if (endedAt === undefined && outcome !== undefined) return undefined
  const endMs = endedAt === undefined ? nowMs : Date.parse(endedAt)
  return Math.max(0, endMs - Date.parse(startedAt)) / 1000
}

/** `3:05`, or nothing when it is not known. */
export function durationOf(lasting: Lasting, nowMs: number): string {
  const seconds = secondsOf(lasting, nowMs)
  return seconds === undefined ? '' : formatDuration(seconds)
}
