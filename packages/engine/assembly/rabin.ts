// Finds cut candidates: positions whose 64 preceding bytes have a Rabin fingerprint that, masked, equals a target.
// The host writes the tables (src/chunker/tables.ts) and grows the memory for its data.

import { findInLanes, LANES, nibbleTables } from './lanes'
import { findSerially, modTable, outTable } from './serial'

export { modTable, nibbleTables, outTable }

/** Fewer bytes in each lane than this do not pay for filling its window. */
const SHORTEST_LANE: usize = 64

/**
 * The first candidate from `first` to `last`, both included, or -1. At least 64 bytes lie before `first`, and one more
 * that may be read but has no influence.
 */
export function find(first: usize, last: usize, mask: u32, target: u32): i32 {
  // Longer lanes share the cost of filling the windows among more bytes, shorter ones look at fewer bytes in vain
  // behind the candidate. An odd multiple of 64 keeps the lanes from competing for the same few cache lines.
  const longest = (<usize>sqrt<f64>(4.0 * <f64>mask) | 64) & ~63
  let start = first - 1
  while (start < last) {
    const length = min(longest, ((last - start) / LANES) & ~15)
    if (length < SHORTEST_LANE) break
    const found = findInLanes(start, length, mask, target)
    if (found >= 0) return found
    start += LANES * length
  }
  return start < last ? findSerially(start + 1, last, mask, target) : -1
}
