const WINDOW: usize = 64
/** The polynomial's degree minus eight: the shift that brings the digest's top byte down. */
const TOP_SHIFT: u64 = 45

/** 256 × u64: the fingerprint of a byte followed by 63 zero bytes. */
export const outTable: usize = memory.data(2048, 16)
/** 256 × u64: what clears and reduces a top byte that is shifted out. */
export const modTable: usize = memory.data(2048, 16)

/** The first candidate from `first` to `last`, both included and in this order, or -1. One digest, byte by byte. */
export function findSerially(first: usize, last: usize, mask: u32, target: u32): i32 {
  let digest: u64 = 0
  let position = first
  for (let at = position - WINDOW; at < position; at++) digest = roll(digest, at)
  while ((<u32>digest & mask) != target) {
    if (position == last) return -1
    digest = roll(digest ^ load<u64>(outTable + (<usize>load<u8>(position - WINDOW) << 3)), position)
    position++
  }
  return <i32>position
}

// @ts-ignore: decorator
@inline
function roll(digest: u64, position: usize): u64 {
  const top = <usize>(digest >> TOP_SHIFT)
  return ((digest << 8) | <u64>load<u8>(position)) ^ load<u64>(modTable + (top << 3))
}
