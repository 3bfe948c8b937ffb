import { PRINTABLE_RUNS } from './printable-table.ts'

/** First code point after each run; even runs are not printable, odd ones are. Made at first use. */
let runEnds: Uint32Array | undefined
let lastRun = 0

/** Whether a character other than the space stands for itself in a quoted name (§11), by Unicode 15.0. */
export function isPrintable(codePoint: number): boolean {
  const ends = (runEnds ??= readRuns())
  // The next character of a name is mostly of the same script.
  const inLastRun = codePoint < ends[lastRun]! && (lastRun === 0 || codePoint >= ends[lastRun - 1]!)
  if (!inLastRun) lastRun = findRun(ends, codePoint)
  return lastRun % 2 === 1
}

function findRun(ends: Uint32Array, codePoint: number): number {
  let low = 0
  let high = ends.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (codePoint < ends[middle]!) high = middle
    else low = middle + 1
  }
  return low
}

function readRuns(): Uint32Array {
  let end = 0
  const ends = PRINTABLE_RUNS.split(' ').map((length) => (end += Number.parseInt(length, 36)))
  return Uint32Array.from([...ends, 0x11_0000])
}
