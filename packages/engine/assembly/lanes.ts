// Sixteen digests at once. Lane k of a block walks the kth of 16 equal stretches, and byte n of all digests lies in one
// vector, so that shifting by a byte only renames vectors. What a byte contributes when it is shifted out or leaves the
// window is linear over GF(2): the sum of what its two halves contribute, each a swizzle in a table of 16 entries.
//
// A digest is kept below degree 56 rather than 53, so that the byte shifted out is a whole vector. It is then congruent
// to the fingerprint, and its two lowest bytes are put right from its three highest bits before they are compared.

import { findSerially } from './serial'
import { transpose } from './transpose'

const WINDOW: usize = 64
export const LANES: usize = 16
/** Steps between two looks at the result, and bytes that are transposed together. */
const GROUP: usize = 16
const GROUP_BYTES: usize = GROUP * LANES
/** The window's groups and the one that is coming in. */
const GROUPS: usize = WINDOW / GROUP + 1

/**
 * For each of a digest's 7 bytes, 4 tables of 16 bytes: what the lower and the upper half of the byte shifted out
 * contribute, and of the byte leaving the window; then the corrections to the two lowest bytes by the upper half of the
 * highest.
 */
export const nibbleTables: usize = memory.data(480, 16)

const ring: usize = memory.data(1280, 16)
/** In memory because the compiler would otherwise make the constant anew for each use. */
const lowNibbles: usize = memory.data<u8>([15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15], 16)

// @ts-ignore: decorator
@inline
function shiftedOut(byte: usize, low: v128, high: v128): v128 {
  return lookUp(nibbleTables + byte * 64, low, high)
}

// @ts-ignore: decorator
@inline
function leaving(byte: usize, low: v128, high: v128): v128 {
  return lookUp(nibbleTables + byte * 64 + 32, low, high)
}

// The indexes are below 16, where relaxed swizzles are the same on all machines.
// @ts-ignore: decorator
@inline
function lookUp(tables: usize, low: v128, high: v128): v128 {
  return v128.xor(i8x16.relaxed_swizzle(v128.load(tables), low), i8x16.relaxed_swizzle(v128.load(tables, 16), high))
}

// @ts-ignore: decorator
@inline
function upperHalves(bytes: v128, mask: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), mask)
}

/**
 * Looks for candidates in the 16 × `length` positions after `start`; `length` is a multiple of 16. Digests are compared
 * in their lowest 16 bits; whether the others agree is then found out serially.
 *
 * @returns the first candidate, or -1
 */
export function findInLanes(start: usize, length: usize, mask: u32, target: u32): i32 {
  const half = v128.load(lowNibbles)
  let d0 = i8x16.splat(0)
  let d1 = d0
  let d2 = d0
  let d3 = d0
  let d4 = d0
  let d5 = d0
  let d6 = d0
  let high = d0

  for (let group: usize = 0; group < GROUPS - 1; group++) {
    let entering = ring + group * GROUP_BYTES
    transpose(start - WINDOW + group * GROUP, length, entering)
    for (const end = entering + GROUP_BYTES; entering < end; entering += LANES) {
      const low = v128.and(d6, half)
      d6 = v128.xor(d5, shiftedOut(6, low, high))
      d5 = v128.xor(d4, shiftedOut(5, low, high))
      d4 = v128.xor(d3, shiftedOut(4, low, high))
      d3 = v128.xor(d2, shiftedOut(3, low, high))
      d2 = v128.xor(d1, shiftedOut(2, low, high))
      d1 = v128.xor(d0, shiftedOut(1, low, high))
      d0 = v128.xor(v128.load(entering), shiftedOut(0, low, high))
      high = upperHalves(d6, half)
    }
  }

  const mask0 = i8x16.splat(<i8>mask)
  const mask1 = i8x16.splat(<i8>(mask >> 8))
  const expected0 = v128.xor(v128.load(nibbleTables, 448), i8x16.splat(<i8>target))
  const expected1 = v128.xor(v128.load(nibbleTables, 464), i8x16.splat(<i8>(target >> 8)))
  let newest: usize = GROUPS - 1
  let oldest: usize = 0
  let lanes: i32 = 0xffff
  let found: i32 = -1

  for (let offset: usize = 0; offset < length; offset += GROUP) {
    let entering = ring + newest * GROUP_BYTES
    let leaver = ring + oldest * GROUP_BYTES
    transpose(start + offset, length, entering)
    const end = entering + GROUP_BYTES
    let differences = i8x16.splat(-1)
    do {
      const gone = v128.load(leaver)
      const goneLow = v128.and(gone, half)
      const goneHigh = upperHalves(gone, half)
      const low = v128.and(d6, half)
      d6 = v128.xor(v128.xor(d5, leaving(6, goneLow, goneHigh)), shiftedOut(6, low, high))
      d5 = v128.xor(v128.xor(d4, leaving(5, goneLow, goneHigh)), shiftedOut(5, low, high))
      d4 = v128.xor(v128.xor(d3, leaving(4, goneLow, goneHigh)), shiftedOut(4, low, high))
      d3 = v128.xor(v128.xor(d2, leaving(3, goneLow, goneHigh)), shiftedOut(3, low, high))
      d2 = v128.xor(v128.xor(d1, leaving(2, goneLow, goneHigh)), shiftedOut(2, low, high))
      d1 = v128.xor(v128.xor(d0, leaving(1, goneLow, goneHigh)), shiftedOut(1, low, high))
      d0 = v128.xor(v128.xor(v128.load(entering), leaving(0, goneLow, goneHigh)), shiftedOut(0, low, high))
      high = upperHalves(d6, half)
      const difference0 = v128.and(v128.xor(d0, i8x16.relaxed_swizzle(expected0, high)), mask0)
      const difference1 = v128.and(v128.xor(d1, i8x16.relaxed_swizzle(expected1, high)), mask1)
      differences = i8x16.min_u(differences, v128.or(difference0, difference1))
      entering += LANES
      leaver += LANES
    } while (entering < end)
    newest = newest == GROUPS - 1 ? 0 : newest + 1
    oldest = oldest == GROUPS - 1 ? 0 : oldest + 1

    if (i8x16.all_true(differences)) continue
    let hits = i8x16.bitmask(i8x16.eq(differences, i8x16.splat(0))) & lanes
    while (hits != 0) {
      const lane: usize = ctz(hits)
      const first = start + lane * length + offset + 1
      const position = findSerially(first, first + GROUP - 1, mask, target)
      if (position >= 0) {
        if (lane == 0) return position
        found = position
        // From now on only an earlier lane can have an earlier candidate.
        lanes = (1 << <i32>lane) - 1
        break
      }
      hits &= hits - 1
    }
  }
  return found
}
