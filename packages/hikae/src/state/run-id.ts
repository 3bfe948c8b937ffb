import type { RunId } from './run-record.ts'

const RUN_ID = /^\d{8}T\d{6}Z-[0-9a-f]{4}$/

/**
 * An id for a run that begins at this time.
 *
 * @param random from 0 to just under 1, as of `Math.random`
 */
export function newRunId(startedMs: number, random: () => number): RunId {
  const time = new Date(startedMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const chance = Math.floor(random() * 0x1_0000)
  return `${time}-${chance.toString(16).padStart(4, '0')}` as RunId
}

export function isRunId(text: string): text is RunId {
  return RUN_ID.test(text)
}

/** When the run began, to the second: milliseconds since the epoch. */
export function startOfRun(id: RunId): number {
  return Date.parse(id.slice(0, 16).replace(/^(.{4})(..)(..T..)(..)/, '$1-$2-$3:$4:'))
}
